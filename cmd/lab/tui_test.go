package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// openTerminal runs a command in a terminal of that size. When it has ended, the
// shell says so, and stays.
func openTerminal(t *testing.T, command string) *window {
	need.Tool(t, "tmux")
	term := &window{t, fmt.Sprintf("lab-%d-%s", os.Getpid(), t.Name()), filepath.Join(t.TempDir(), "end")}
	script := fmt.Sprintf("echo before the lab; %s; echo ended with $? | tee %s; exec sleep 60", command, term.out)
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "env", "LC_ALL=C.UTF-8", "TERM=screen-256color", "sh", "-c", script)
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

// speak is a Socket.IO client with one message for everybody.
func speak(t *testing.T, addr, message string) {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+"/socket.io/?EIO=4&transport=websocket", nil)
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
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `42["chat message",%q]`, message)))
	read(`42["chat message"`)
}

func TestALessonInATerminal(t *testing.T) {
	addr := free(t)
	term := openTerminal(t, binary+" run broadcast --addr "+addr)
	term.shows("● running")
	term.shows("http://" + addr)
	speak(t, addr, "hello from the wire")
	term.shows(`the client emits "chat message" with "hello from the wire"`)
	term.press("/", "e", "m", "i", "t", "s", "Enter")
	screen := term.shows("/emits")
	assert.NotContains(t, screen, "101 Switching")
	term.press("Up", "Enter")
	term.shows("│")

	term.press("Escape", "Escape")
	term.shows("Polling, short and long")
	term.press("Home", "l")
	term.shows("%")
	term.press("t")
	term.shows("Press r to run")
	term.press("r")
	term.shows("✓ passed")
	assert.NotContains(t, term.screen(), "✗")
	term.press("Escape")
	term.shows("tests passed")
	term.press("q")
	term.ended(0)
	assertFree(t, addr)
}

func TestExercisesInATerminal(t *testing.T) {
	dir := t.TempDir()
	term := openTerminal(t, "cd "+dir+" && EDITOR=true "+binary)
	term.shows("Exercises")
	term.press("e")
	term.shows("They are written when you open one")
	term.press("n")
	term.shows("cursor.go")
	assert.FileExists(t, filepath.Join(dir, "lab-exercises", "longpoll", "cursor", "cursor.go"))
	term.press("c")
	term.shows("✗ cursor")
	term.press("h")
	term.shows("Hint 1 of 3")
	out, err := exec.Command(binary, "exercise", "solution", "cursor", "--force", "--dir", filepath.Join(dir, "lab-exercises")).Output()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "lab-exercises", "longpoll", "cursor", "cursor.go"), out, 0o644))
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

func TestAKilledTerminalEndsItCleanly(t *testing.T) {
	addr := free(t)
	end := filepath.Join(t.TempDir(), "status")
	// The shell that waits for the lab is not the terminal's, so that it can tell its status.
	term := openTerminal(t, fmt.Sprintf("sh -c 'trap \"\" HUP; (trap - HUP; exec %s run broadcast --addr %s); echo $? > %s'", binary, addr, end))
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
	term.shows("? help")
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
