package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// connectTo runs lab connect, and returns what it prints and its exit status.
func connectTo(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"connect", "--lang", "en"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestConnect(t *testing.T) {
	_, acks, _ := start(t, "run", "acks", "--plain", "--addr", "127.0.0.1:0")
	_, chat, _ := start(t, "run", "namespaces", "--plain", "--addr", "127.0.0.1:0")
	_, echo, _ := start(t, "run", "ws-echo", "--plain", "--addr", "127.0.0.1:0")
	_, sse, _ := start(t, "run", "sse", "--plain", "--addr", "127.0.0.1:0")
	url := acks[1]
	for _, c := range []struct {
		name, stdin string
		args        []string
		status      int
		out, err    string
	}{
		{"ack", "", []string{url, "--ack", `ferret "tobi" => "woot"`}, 0,
			"ack of ferret  \"woot\"", ""},
		{"script", "emit \"ask me\"\nexpect question\nanswer 7\nexpect answer 7\n", []string{url},
			0, "← answer  7", ""},
		{"no script", "", []string{url}, 0, "connected to / as", ""},
		{"guess", "", []string{echo[1] + "/ws", "--send", "a b", "--expect", `message "a b"`}, 0,
			"speaks websocket", ""},
		{"sse", "", []string{sse[1] + "/events", "--wait", "open"}, 0, "speaks sse", ""},
		{"namespace", "", []string{chat[1] + "/chat", "--expect", `"a message" {"that":"only"}`}, 0,
			"/chat\ta message", ""},
		{"quiet", "", []string{url, "--quiet", "--ack", `ferret "tobi"`}, 0, "", ""},
		{"xray", "", []string{url, "--quiet", "--xray", "--ack", `ferret "tobi"`}, 0, "",
			`the client emits "ferret"`},
		{"usage", "", nil, 2, "", "name one URL, such as lab connect http://127.0.0.1:3000"},
		{"formats", "", []string{url, "--json", "--plain"}, 2, "", "two formats"},
		{"protocol", "", []string{url, "--as", "mqtt"}, 2, "", "want socketio, websocket or sse"},
		{"header", "", []string{url, "-H", "x"}, 2, "", `want "NAME: VALUE", such as`},
		{"deflate", "", []string{echo[1] + "/ws", "--as", "websocket", "--deflate", "--send", "a",
			"--expect", `message "a"`}, 0, "permessage-deflate", ""},
		{"other namespace", "", []string{chat[1] + "/news", "--join",
			"/chat", "--join", "/news", "--expect", `/chat "a message" {"that":"only"}`}, 0,
			"/chat\ta message", ""},
		{"query", "", []string{url, "--query", "x"}, 2, "", "want NAME=VALUE"},
		{"language", "", []string{url, "--lang", "fr"}, 2, "", "fr"},
		{"ca", "", []string{url, "--ca", filepath.Join(t.TempDir(), "none")}, 2, "", "--ca: open"},
		{"trust", "", []string{url, "--ca", "x", "-k"}, 2, "", "use one of them"},
		{"bad line", "emit x y\n", []string{url}, 2, "", "line 1: y is not JSON"},
		{"nothing sent", "", []string{url, "--emit", `"chat message" 1`, "--emit",
			`chat message 2`}, 2, "",
			`--emit: message is not JSON; a text needs quotes: "message". If it is a part of the name, put both in quotes: "chat message"`},
		{"reserved", "", []string{url, "--ack", "disconnect"}, 2, "",
			`--ack: "disconnect" is a name that Socket.IO keeps for itself`},
		{"no file", "", []string{url, "--emit", "x @none"}, 2, "", "--emit: @none: open none"},
		{"other protocol", "", []string{url, "--emit", "x", "--send", "x"}, 2, "speaks socketio",
			"send is a command of websocket, and this connection speaks socketio"},
		{"as", "", []string{url, "--as", "sse", "--emit", "x"}, 2, "",
			"--emit: emit is a command of socketio, and this connection speaks sse"},
		{"negative count", "", []string{url, "--count", "-1"}, 2, "",
			"--count -1: want the number of events"},
		{"no time", "", []string{url, "--timeout", "0s"}, 2, "",
			"--timeout 0s: want a time longer than 0"},
		{"nothing there", "", []string{"127.0.0.1:1", "--wait", "x"}, 1, "",
			"no program listens there"},
		{"wrong path", "", []string{url, "--as", "socketio", "--path", "/io"}, 1, "",
			"check --path"},
		{"refused", "", []string{url + "/nowhere", "--as", "socketio"}, 3, "",
			"the server has no such namespace"},
		{"timeout", "", []string{url, "--timeout", "1s", "--ack", "silence 20ms"}, 4, "",
			`no acknowledgement of "silence" came within 20ms`},
		{"count", "", []string{url, "--timeout", "2s", "--as", "socketio", "--transports",
			"websocket", "--count", "3"}, 4, "", "of 3 events came within 2s"},
		{"unexpected", "ack ferret \"tobi\" => \"meow\"", []string{url}, 5, "",
			`line 1: the acknowledgement of "ferret" is "woot"; want "meow"`},
		{"lost", "", []string{echo[1] + "/ws", "--as", "websocket", "--send", "x", "--wait",
			"message", "--wait", "close 20ms"}, 4, "", `"close" did not come`},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, errs, status := connectTo(t, c.stdin, c.args...)
			assert.Equal(t, c.status, status, "%s", errs)
			assert.Contains(t, strings.ReplaceAll(out, "\t/\t", " "), c.out)
			assert.Contains(t, errs, c.err)
			if c.err == "" {
				assert.Empty(t, errs)
			}
			if c.status == 2 && c.stdin == "" {
				assert.NotContains(t, out, "connected to", "nothing is done")
			}
			if c.status > 0 {
				assert.Equal(t, 1, strings.Count(errs, "\n"), "%s", errs)
			}
		})
	}
	out, _, status := connectTo(t, "", url, "--json", "--ack", `ferret "tobi" {"n":1} @hex:00ff`)
	require.Zero(t, status)
	var acked bool
	for line := range strings.Lines(out) {
		var e struct {
			Kind, Namespace, Name string
			Args                  []any
			Ack                   bool
		}
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		if e.Ack {
			acked = true
			assert.Equal(t, []any{"woot"}, e.Args)
		}
		if e.Kind == "sent" {
			assert.Equal(t, []any{"tobi", map[string]any{"n": 1.0}, map[string]any{"hex": "00ff"}},
				e.Args)
		}
	}
	assert.True(t, acked, out)
}

// TestConnectChecksAFile: no line of a script in a file runs if one of them is wrong.
func TestConnectChecksAFile(t *testing.T) {
	_, acks, _ := start(t, "run", "acks", "--plain", "--addr", "127.0.0.1:0")
	for script, want := range map[string]struct {
		status   int
		out, err string
	}{
		"ack ferret \"tobi\"\n\nemit x y\n": {2, "", "line 3: y is not JSON"},
		"ack ferret \"tobi\"\nsend x\n": {2, "",
			"line 2: send is a command of websocket"},
		"ack ferret \"tobi\" => \"woot\"\nquit\nemit x y": {0, "ack of ferret", ""},
	} {
		name := filepath.Join(t.TempDir(), "check.txt")
		require.NoError(t, os.WriteFile(name, []byte(script), 0o600))
		file, err := os.Open(name)
		require.NoError(t, err)
		cmd := exec.Command(binary, "connect", "--lang", "en", acks[1])
		var out, errs bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = file, &out, &errs
		_ = cmd.Run() // its status follows
		file.Close()
		assert.Equal(t, want.status, cmd.ProcessState.ExitCode(), "%s", errs.String())
		assert.Contains(t, out.String(), want.out)
		assert.Contains(t, errs.String(), want.err)
		assert.Equal(t, want.status == 0, strings.Contains(out.String(), "connected to"),
			"nothing is done")
	}
}

// TestConnectExamples: a shell reads the examples of the help as commands without a mistake. They
// fail only because no program listens.
func TestConnectExamples(t *testing.T) {
	for _, example := range strings.Split(connectExamples, "\n") {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "check.txt"), []byte("wait x\n"), 0o600))
		cmd := exec.Command("sh", "-c",
			"lab() { '"+binary+"' \"$@\"; }\n"+strings.ReplaceAll(example, ":3000", ":1"))
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LANG=C.UTF-8", "LC_ALL=C.UTF-8")
		out, _ := cmd.CombinedOutput() // the status follows
		assert.Equal(t, 1, cmd.ProcessState.ExitCode(), "%s: %s", example, out)
		assert.Contains(t, string(out), "no program listens there", example)
	}
}

// TestConnectInATerminal: the prompt in a real terminal, and the way out of it.
func TestConnectInATerminal(t *testing.T) {
	_, acks, _ := start(t, "run", "acks", "--plain", "--addr", "127.0.0.1:0")
	config := t.TempDir()
	term := openTerminal(t, "XDG_CONFIG_HOME="+config+" "+binary+" connect --lang en "+acks[1])
	term.shows("connected to / as")
	term.press(`ack ferret "tobi"`, "Enter")
	term.shows("ack of ferret")
	term.press("C-x")
	term.shows(`the server acks "ferret"`)
	term.press("C-c")
	term.ended(0)
	assert.FileExists(t, filepath.Join(config, "realtimelab", "connect-history"))
}

// The traffic of a session is saved in each format, and lab xray open reads it.
func TestConnectSaves(t *testing.T) {
	url, dir := echoServer(t), t.TempDir()
	for _, name := range []string{"a.pcapng", "a.jsonl", "a.har"} {
		file := filepath.Join(dir, name)
		out, err := exec.Command(binary, "connect", url, "--as", "websocket", "--send", "hello",
			"--count", "1", "--save", file, "--lang", "en").CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, string(out), "lab: ", "it says what it saved")
		assert.Contains(t, string(out), name)
		rows, err := exec.Command(binary, "xray", "open", file, "--plain", "--lang",
			"en").Output()
		require.NoError(t, err)
		assert.Contains(t, string(rows), "hello", name)
		assert.NotContains(t, string(rows), "bytes\tlayer", "no column heads in a pipe")
	}
	out, err := exec.Command(binary, "connect", url, "--send", "x", "--save", "a.txt").
		CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, string(out))
	assert.Equal(t, exitUsage, exit.ExitCode())
}
