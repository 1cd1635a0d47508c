package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons"
)

// window is a real terminal: a tmux server with one window.
type window struct {
	t    *testing.T
	name string
	out  string // file that the shell in it writes the lab's end to
}

// terminals counts the terminals so far: the socket of a server of tmux that is ending cannot be
// used again.
var terminals atomic.Int64

// openTerminal runs a command in a terminal of that size. When it has ended, the
// shell says so, and stays.
func openTerminal(t *testing.T, command string) *window {
	need.Tool(t, "tmux")
	term := &window{t, fmt.Sprintf("lab-%d-%s-%d", os.Getpid(), t.Name(), terminals.Add(1)),
		filepath.Join(t.TempDir(), "end")}
	script := fmt.Sprintf("echo before the lab; %s; echo ended with $? | tee %s; exec sleep 60",
		command, term.out)
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "env",
		"LC_ALL=C.UTF-8", "TERM=screen-256color", "sh", "-c", script)
	t.Cleanup(func() { exec.Command("tmux", "-L", term.name, "kill-server").Run() })
	return term
}

func (term *window) tmux(args ...string) string {
	out, err := exec.Command("tmux", append([]string{"-L", term.name}, args...)...).CombinedOutput()
	require.NoError(term.t, err, "%s", out)
	return string(out)
}

func (term *window) press(keys ...string) { term.tmux(append([]string{"send-keys"}, keys...)...) }

func (term *window) screen() string { return term.tmux("capture-pane", "-p") }

// shows waits until the screen has the text.
func (term *window) shows(text string) string {
	term.t.Helper()
	var last string
	require.Eventually(term.t, func() bool {
		last = term.screen()
		return strings.Contains(last, text)
	}, 2*time.Minute, 50*time.Millisecond, "never showed %q", text)
	return last
}

// ended waits for the lab's end and asserts that the terminal is as it was.
func (term *window) ended(status int) string {
	term.t.Helper()
	screen := term.shows(fmt.Sprintf("ended with %d", status))
	assert.Contains(term.t, screen, "before the lab", "the screen from before is back")
	modes := term.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")
	assert.Equal(term.t, "0 1 0\n", modes, "alternate screen, cursor, mouse")
	return screen
}

func free(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func assertFree(t *testing.T, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if assert.NoError(t, err, "the port is free again") {
		l.Close()
	}
}

// speakTo is a Socket.IO client with one message for everybody.
func speakTo(t *testing.T, addr, message string) {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+
		"/socket.io/?EIO=4&transport=websocket", nil)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
	read := func(prefix string) {
		for {
			_, data, err := conn.ReadMessage()
			require.NoError(t, err)
			if bytes.HasPrefix(data, []byte(prefix)) {
				return
			}
		}
	}
	read("0{")
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("40")))
	read("40")
	require.NoError(t, conn.WriteMessage(websocket.TextMessage,
		fmt.Appendf(nil, `42["chat message",%q]`, message)))
	read(`42["chat message"`)
}

func TestALessonInATerminal(t *testing.T) {
	addr := free(t)
	term := openTerminal(t, binary+" run broadcast --addr "+addr)
	term.shows("● running")
	term.shows("http://" + addr)
	speakTo(t, addr, "hello from the wire")
	term.shows(`the client emits "chat message" with "hello from the wire"`)
	term.press("/", "e", "m", "i", "t", "s", "Enter")
	screen := term.shows("/emits")
	assert.NotContains(t, screen, "101 Switching")
	term.press("Up", "Enter")
	term.shows("on the wire, from byte")

	term.press("q", "q")
	term.shows("Polling, short and long")
	term.press("Home", "i")
	term.shows(" more")
	term.press("t")
	term.shows("Press r to run")
	term.press("r")
	term.shows("✓ passed")
	assert.NotContains(t, term.screen(), "✗")
	term.press("q")
	term.shows(" more")
	term.press("q")
	term.shows("tests passed")
	term.press("q")
	term.ended(0)
	assertFree(t, addr)
}

func TestExercisesInATerminal(t *testing.T) {
	dir := t.TempDir()
	term := openTerminal(t, "cd "+dir+" && EDITOR=true "+binary)
	term.shows("Polling, short and long")
	term.press("2")
	term.shows("They are written when you open one")
	term.press("u")
	term.shows("cursor.go")
	assert.FileExists(t, filepath.Join(dir, "lab-exercises", "longpoll", "cursor", "cursor.go"))
	term.press("r")
	term.shows("✗ cursor")
	term.press("H")
	term.shows("Hint 1 of 3")
	out, err := exec.Command(binary, "exercise", "solution", "cursor", "--force", "--dir",
		filepath.Join(dir, "lab-exercises")).Output()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "lab-exercises", "longpoll", "cursor",
		"cursor.go"), out, 0o644))
	term.press("e") // the editor ends at once, and what is there is checked
	term.shows("✓ cursor  solved")
	term.press("Escape", "Escape")
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	term.shows(fmt.Sprintf("1/%d", len(all)))
	term.press("q")
	term.ended(0)
}

func TestCtrlCEndsItCleanly(t *testing.T) {
	addr := free(t)
	term := openTerminal(t, binary+" run broadcast --addr "+addr)
	term.shows("● running")
	term.press("C-c")
	term.ended(0)
	assertFree(t, addr)
}

// connected is a Socket.IO client that stays.
func connected(t *testing.T, addr string) {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+
		"/socket.io/?EIO=4&transport=websocket", nil)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("40")))
}

func TestNothingThatOthersUseEndsWithoutAQuestion(t *testing.T) {
	addr := free(t)
	term := openTerminal(t, binary+" run broadcast --addr "+addr)
	term.shows("● running")
	connected(t, addr)
	term.shows("1 client")
	term.press("s")
	term.shows("broadcast: 1 client connected. Stop it?")
	term.press("n")
	term.press("q")
	term.shows("Polling, short and long")
	term.press("q")
	term.shows("1 client connected. Quit?")
	term.press("x", "Enter") // no; and a demo that runs is opened
	term.shows("● running")
	term.press("s")
	term.shows("Stop it?")
	term.press("y")
	term.shows("○ not running")
	assertFree(t, addr)
	term.press("r")
	term.shows("● running")
	connected(t, addr)
	term.shows("1 client")
	term.press("C-c")
	term.shows("1 client connected. Quit?")
	term.press("C-c")
	term.ended(0)
	assertFree(t, addr)
}

func TestANetworkIsPutBeforeADemoInATerminal(t *testing.T) {
	addr := free(t)
	term := openTerminal(t, binary+" run ws-echo --addr "+addr)
	term.shows("● running")
	term.shows("network none · proxy off")
	term.press("w")
	term.shows("Simulated network")
	term.press("Down", "Enter")
	term.shows("● running")
	screen := term.shows("network ")
	require.Eventually(t, func() bool {
		screen = term.screen()
		return strings.Contains(screen, "network wifi (")
	}, time.Minute, 50*time.Millisecond, screen)
	res, err := http.Get("http://" + addr)
	require.NoError(t, err, "it serves again at the same port")
	res.Body.Close()
	term.press("?")
	term.shows("Everywhere")
	term.press("?", "q", "q")
	term.ended(0)
}

// TestAnXrayIsStartedAtHome looks at a server of one's own, saves what crossed, and goes back.
func TestAnXrayIsStartedAtHome(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	term := openTerminal(t, "cd "+t.TempDir()+" && "+binary)
	term.shows("Polling, short and long")
	term.press("x")
	term.shows("X-ray of a server")
	term.press(strings.TrimPrefix(server.URL, "http://"), "Enter")
	term.shows("did you mean http://127.0.0.1")
	term.press("C-u", server.URL, "Enter")
	screen := term.shows("● running")
	at := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(
		strings.Split(screen, "\n")[1])
	require.NotEmpty(t, at, screen)
	fetch(t, at+"/across")
	term.shows("GET /across")
	file := filepath.Join(t.TempDir(), "all.pcapng")
	term.press("E")
	term.shows("Save all traffic")
	term.press("C-u", file, "Enter")
	term.shows("saved 1 whole connection")
	assert.FileExists(t, file)
	term.press("y")
	term.shows("copied the row")
	term.press("q")
	term.shows("Polling, short and long")
	require.Eventually(t, func() bool {
		l, err := net.Listen("tcp", strings.TrimPrefix(at, "http://"))
		return err == nil && l.Close() == nil
	}, time.Minute, 50*time.Millisecond, "the x-ray has ended")
	term.press("q")
	term.ended(0)
}

func TestTheClipboardIsReachedThroughMultiplexers(t *testing.T) {
	with := func(name string) string {
		return clipboardSequence("hi", func(other string) string {
			if other == name {
				return "set"
			}
			return ""
		})
	}
	const plain = "\x1b]52;c;aGk=\x07"
	assert.Equal(t, plain, with(""))
	assert.Equal(t, plain+"\x1bPtmux;\x1b"+plain+"\x1b\\", with("TMUX"))
	assert.Equal(t, "\x1bP"+plain+"\x1b\\", with("STY"))
}

func TestALessonIsFoundAndSearched(t *testing.T) {
	term := openTerminal(t, binary)
	term.shows("Polling, short and long")
	term.press("/", "a", "c", "k", "s", "Enter")
	term.shows("/acks")
	assert.NotContains(t, term.screen(), "short-polling")
	term.press("Escape")
	term.shows("short-polling")
	term.press("g", "i", "/", "p", "o", "l", "l", "Enter")
	term.shows("/poll  1/")
	term.press("n")
	term.shows("/poll  2/")
	term.press("q", "q")
	term.ended(0)
}

func TestAMeasurementIsStoppedInATerminal(t *testing.T) {
	term := openTerminal(t, binary)
	term.shows("Polling, short and long")
	term.press("3")
	term.shows("Press r to measure")
	term.press("Down", "Enter")
	term.shows("Clients")
	term.press("Home", "Enter")
	term.shows("[1 client]")
	term.press("r")
	term.shows("of 21")
	term.press("q")
	term.shows("a measurement is running. Quit?")
	term.press("n", "s")
	term.shows("Interrupted")
	term.press("q")
	term.ended(0)
}

func TestAKilledTerminalEndsItCleanly(t *testing.T) {
	addr := free(t)
	end := filepath.Join(t.TempDir(), "status")
	// The shell that waits for the lab is not the terminal's, so that it can tell its status.
	term := openTerminal(t,
		fmt.Sprintf(
			"sh -c 'trap \"\" HUP; (trap - HUP; exec %s run broadcast --addr %s); echo $? > %s'",
			binary, addr, end))
	term.shows("● running")
	term.tmux("kill-server")
	require.Eventually(t, func() bool {
		status, _ := os.ReadFile(end)
		return len(status) > 0
	}, 30*time.Second, 20*time.Millisecond)
	status, err := os.ReadFile(end)
	require.NoError(t, err)
	assert.Equal(t, "0\n", string(status))
	assertFree(t, addr)
}

func TestAResizedTerminalIsFilled(t *testing.T) {
	term := openTerminal(t, binary)
	term.shows("Real-time lab")
	term.tmux("resize-window", "-x", "40", "-y", "10")
	term.shows("The lab needs")
	term.tmux("resize-window", "-x", "70", "-y", "20")
	term.shows("? more")
	term.press("q")
	term.ended(0)
}

func TestPlainAndAccessibleDrawNothing(t *testing.T) {
	term := openTerminal(t, binary+" --plain")
	assert.Contains(t, term.ended(0), "Run one with: lab run broadcast")
	out, err := exec.Command(binary, "--accessible", "--lang", "zh").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "演示 broadcast：")
	assert.NotContains(t, string(out), "─")
}

func TestLessonsTestsAsLines(t *testing.T) {
	need.Time(t)
	out, err := exec.Command(binary, "test", "websockt").CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), `did you mean "websocket"?`)

	c := exec.Command(binary, "test", "websocket")
	c.Dir = t.TempDir()
	out, err = c.CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "Get the source")

	c = exec.Command(binary, "test", "longconn", "--lang", "en")
	out, err = c.CombinedOutput()
	assert.NoError(t, err)
	assert.Contains(t, string(out), "pass  longconn  Test")
	assert.Contains(t, string(out), " passed, 0 failed")

	c = exec.Command(binary, "test", "longconn", "--lang", "en")
	c.Env = append(os.Environ(), "PATH="+t.TempDir())
	out, err = c.CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "Install Go")
}
