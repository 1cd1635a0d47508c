package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/gotest"
	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
)

// hostile is text that a terminal would obey: a title, the clipboard, clearing the screen by
// ESC and by C1, a carriage return, a bidi override.
const hostile = "\x1b]0;owned\x07\x1b]52;c;aGk=\x07\x1b[2J\u009b2J\rover\u202eright"

// assertHarmless asserts that text holds nothing but printable characters, tabs and line feeds.
func assertHarmless(t *testing.T, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\t' && r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%U is raw in %q", r, text[max(0, i-40):min(len(text), i+40)])
		}
	}
}

// attack is a client that puts hostile text wherever a client chooses text: a path, the User-Agent,
// a query, an event's name and argument, an argument of the wrong type, and a namespace.
func attack(t *testing.T, url string) {
	at := strings.TrimPrefix(url, "http://")
	for _, request := range []string{ // raw, because no client library sends them
		"GET /%1b%5b2J HTTP/1.1\r\nHost: " + at + "\r\nUser-Agent: " + hostile +
			"\r\nConnection: close\r\n\r\n",
		"GET /" + hostile + " HTTP/1.1\r\nHost: " + at + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: " + hostile + "\r\n\r\n",
		hostile + "\r\n\r\n",
	} {
		raw, err := net.Dial("tcp", at)
		require.NoError(t, err)
		_, err = io.WriteString(raw, request)
		require.NoError(t, err)
		require.NoError(t, raw.SetReadDeadline(time.Now().Add(time.Minute)))
		_, _ = io.Copy(io.Discard, raw) // the answer, if any
		raw.Close()
	}
	// net/http refuses to send ASCII controls
	head := http.Header{"User-Agent": {"\u009b2J\u202eright"}}
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+
		"/socket.io/?EIO=4&transport=websocket&name=%1b%5b2J", head)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	// the server decodes it to the raw text
	escaped, err := json.Marshal([]string{hostile, hostile})
	require.NoError(t, err)
	for _, packet := range []string{"40", "42" + string(escaped),
		fmt.Sprintf("42[%q,%q]", hostile, hostile), `42["` + hostile + `"]`,
		`42["chat message",{"` + "\u009b\u202e" + `":1}]`,
		`42["chat message","` + "\u009b\u202e" + `"]`, "40/" + hostile + ",", "44" + hostile,
		hostile} {
		if conn.WriteMessage(websocket.TextMessage, []byte(packet)) != nil {
			return
		}
	}
	for err == nil { // until the server has had enough of it
		_, _, err = conn.ReadMessage()
	}
}

func TestTextOfClientsReachesNoTerminalRaw(t *testing.T) {
	for _, flag := range []string{"--plain", "--json"} {
		t.Run(flag, func(t *testing.T) {
			c := exec.Command(binary, "run", "broadcast", flag, "--addr", "127.0.0.1:0")
			var stdout, stderr locked.Buffer
			c.Stdout, c.Stderr = &stdout, &stderr
			require.NoError(t, c.Start())
			t.Cleanup(func() { c.Process.Kill(); c.Wait() })
			url := ""
			require.Eventually(t, func() bool {
				_, after, found := strings.Cut(stdout.String(), "http://")
				if found && strings.ContainsAny(after, "\"\n") {
					url = "http://" + after[:strings.IndexAny(after, "\"\n")]
				}
				return url != ""
			}, time.Minute, 10*time.Millisecond)
			attack(t, url)
			require.Eventually(t, func() bool {
				return strings.Contains(stdout.String()+stderr.String(), "over")
			}, time.Minute, 10*time.Millisecond, "the rows show what it sent")
			assertHarmless(t, stdout.String())
			assertHarmless(t, stderr.String())
		})
	}
}

func TestErrorsAndReportsReachNoTerminalRaw(t *testing.T) {
	for _, args := range [][]string{
		{"--" + hostile}, {"run", "--" + hostile},
		{"class", "--keep", filepath.Join(t.TempDir(), hostile, "board")},
		{"run", hostile}, {"test", hostile}, {"xray", "--to", hostile},
		{"exercise", "check", hostile, "--dir", t.TempDir()}, {hostile},
		{"run", "broadcast", "--addr", hostile}, {"compare", "--transports", hostile},
	} {
		c := exec.Command(binary, args...)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		assert.Error(t, c.Run())
		assert.NotEmpty(t, stderr.String())
		assertHarmless(t, stderr.String())
	}
	folder := filepath.Join(t.TempDir(), hostile)
	next := exec.Command(binary, "exercise", "next", "--dir", folder)
	var told bytes.Buffer
	next.Stderr = &told
	require.NoError(t, next.Run())
	assert.Contains(t, told.String(), "right")
	assertHarmless(t, told.String())

	out, err := exec.Command(binary, "list").Output()
	require.NoError(t, err)
	assertHarmless(t, string(out))

	r := exercise.Report{Name: "cursor", Steps: 1, Output: "printed " + hostile,
		Problem: &exercise.Problem{
			Text:  lang.Text{EN: "said " + hostile, ZH: hostile},
			Lines: []exercise.SourceLine{{File: hostile, Line: 1, Text: hostile, Message: hostile}},
		}}
	assertHarmless(t, r.Render(lang.English, exercise.Style{}))
	assert.Contains(t, r.Render(lang.English, exercise.Style{}), `said \x1b]0;owned`)

	var printed strings.Builder
	printResult(&printed, lang.English, &gotest.Result{Package: "p", Test: "TestRooms",
		State: gotest.Failed, Output: []string{hostile}})
	assert.Contains(t, printed.String(), `\u009b2J\rover\u202eright`)
	assertHarmless(t, printed.String())
}

// TestRowsReachNoTerminalRaw: rows are harmless even if a summary were not.
func TestRowsReachNoTerminalRaw(t *testing.T) {
	row := &xray.Row{Conn: 1, Layer: xray.Event, Summary: xray.Text{EN: hostile},
		Problem: &xray.Text{EN: hostile}, Data: []byte(hostile),
		Steps: []xray.Step{{Value: hostile}}}
	for _, asJSON := range []bool{false, true} {
		var out strings.Builder
		assert.Equal(t, 1, rowPrinter{out: &out, lang: lang.English, json: asJSON}.row(row))
		assert.Contains(t, out.String(), "over")
		assertHarmless(t, out.String())
	}
}

// TestTextOfClientsOnTheScreens: what lab writes to a real terminal holds none of a client's raw
// characters.
func TestTextOfClientsOnTheScreens(t *testing.T) {
	addr := free(t)
	written := filepath.Join(t.TempDir(), "written")
	term := openTerminal(t, binary+" run broadcast --lang en --addr "+addr)
	term.shows("● running")
	term.tmux("pipe-pane", "cat >> "+written)
	attack(t, "http://"+addr)
	term.shows("right")
	for _, key := range []string{"Up", "Enter", "Escape", "Tab", "Tab", "Tab"} {
		term.press(key)
	}
	term.press("?")
	term.shows("Everywhere")
	term.press("C-c")
	term.ended(0)
	all, err := os.ReadFile(written)
	require.NoError(t, err)
	assert.Contains(t, string(all), "over")
	for _, raw := range []string{"\x1b]52", "\x1b]0;owned", "\u009b", "\u202e", "\rover"} {
		assert.NotContains(t, string(all), raw)
	}
}
