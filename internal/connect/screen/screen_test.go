package screen

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/connect"
	"realtimelab/internal/labtest/golden"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waitTime bounds what a test waits for. It decides no test.
const waitTime = 20 * time.Second

// serve serves an echo that also asks for an acknowledgement.
func serve(t *testing.T) string {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("chat message", func(args sio.Args, ack sio.Ack) {
			s.Emit("chat message", args)
			ack("ok")
		})
		s.On("silence", func() {})
	})
	server := httptest.NewServer(io)
	t.Cleanup(func() {
		io.Close(context.Background())
		server.Close()
	})
	return server.URL
}

// person drives a model as Bubble Tea does: it runs the commands, and hands their messages to
// Update.
type person struct {
	t        *testing.T
	m        *model
	messages chan tea.Msg
	quit     bool
}

func newPerson(t *testing.T, url string, c Config, width, height int) *person {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := connect.Open(ctx, connect.Config{URL: url, As: "socketio", Timeout: waitTime,
		ReadFile: os.ReadFile})
	require.NoError(t, err)
	c.Session, c.URL = s, "http://127.0.0.1:3000"
	p := &person{t: t, messages: make(chan tea.Msg, 1000)}
	p.m = newModel(c, &life{ctx: ctx}, openHistory(c.HistoryFile))
	t.Cleanup(func() {
		cancel()
		p.m.life.tasks.Refuse()
		require.NoError(t, p.m.life.tasks.Wait(context.Background()))
		p.m.rows.Close()
		s.Close()
	})
	p.m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	p.run(p.m.Init())
	return p
}

// run runs a command on a goroutine of its own.
func (p *person) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, each := range msg {
				p.run(each)
			}
		default:
			p.messages <- msg
		}
	}()
}

// take hands one message to the model.
func (p *person) take(msg tea.Msg) {
	if _, quits := msg.(tea.QuitMsg); quits {
		p.quit = true
		return
	}
	_, cmd := p.m.Update(msg)
	p.run(cmd)
}

// until takes messages until f reports true.
func (p *person) until(what string, f func() bool) {
	p.t.Helper()
	timeout := time.After(waitTime)
	for !f() {
		select {
		case msg := <-p.messages:
			p.take(msg)
		case <-timeout:
			require.Fail(p.t, "never: "+what, "%s", p.view())
		}
	}
}

func (p *person) view() string { return ansi.Strip(p.m.View()) }

// sees waits until the screen shows a text.
func (p *person) sees(text string) {
	p.t.Helper()
	p.until(text, func() bool { return strings.Contains(p.view(), text) })
}

// idle waits until no command runs.
func (p *person) idle() {
	p.t.Helper()
	p.until("idle", func() bool { return !p.m.busy })
}

func (p *person) types(text string) { p.take(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text)}) }

func (p *person) press(keys ...tea.KeyType) {
	for _, key := range keys {
		p.take(tea.KeyMsg{Type: key})
	}
}

func TestSession(t *testing.T) {
	p := newPerson(t, serve(t), Config{}, 120, 30)
	p.sees("connected to / as ")
	p.idle()
	p.types(`ack "chat message" "你好"`)
	p.press(tea.KeyEnter)
	p.sees("ack of chat message  \"ok\"")
	p.idle()

	p.types("em")
	assert.Equal(t, "emit", p.m.input.CurrentSuggestion())
	p.press(tea.KeyTab)
	p.types(" c")
	p.press(tea.KeyTab)
	assert.Equal(t, `emit "chat message"`, p.m.input.Value(), "a name seen so far is completed")
	p.types(" 1")
	p.press(tea.KeyEnter)
	p.sees("← chat message  1")
	p.idle()

	p.press(tea.KeyUp)
	assert.Equal(t, `emit "chat message" 1`, p.m.input.Value())
	p.press(tea.KeyUp)
	assert.Equal(t, `ack "chat message" "你好"`, p.m.input.Value())
	p.press(tea.KeyDown, tea.KeyDown)
	assert.Empty(t, p.m.input.Value())

	p.types("emit x y")
	p.press(tea.KeyEnter)
	p.sees("y is not JSON")
	p.idle()

	assert.NotContains(t, p.view(), "the client emits")
	p.press(tea.KeyCtrlX)
	p.sees(`the client emits "chat message"`)
	p.press(tea.KeyCtrlX)

	p.types("wait nothing")
	p.press(tea.KeyEnter)
	p.sees("…>")
	p.types("emit x")
	p.press(tea.KeyEnter)
	p.sees("a command is running")
	p.press(tea.KeyEsc)
	p.sees("stopped")
	p.press(tea.KeyEsc, tea.KeyF1)
	p.sees("acknowledge an event that asks for it")
	p.press(tea.KeyEsc)

	p.types("quit")
	p.press(tea.KeyEnter)
	p.until("quit", func() bool { return p.quit })
}

func TestInterruptEndsAlways(t *testing.T) {
	p := newPerson(t, serve(t), Config{}, 80, 24)
	p.sees("connected to /")
	p.idle()
	p.types("ack silence 1m")
	p.press(tea.KeyEnter, tea.KeyCtrlC)
	p.until("quit", func() bool { return p.quit })
}

// At every size no line is wider than the screen, no more lines than it has, in both languages.
func TestSizes(t *testing.T) {
	url := serve(t)
	for _, language := range lang.All {
		p := newPerson(t, url, Config{Lang: language, Xray: true}, 120, 40)
		p.until("connected", p.m.config.Session.Connected)
		p.idle()
		p.types(`ack "chat message" "` + strings.Repeat("长文本 long ", 100) + `"`)
		p.press(tea.KeyEnter)
		p.idle()
		p.types("emi")
		for _, size := range [][2]int{{40, 12}, {80, 24}, {100, 20}, {120, 40}, {200, 50}, {1, 1},
			{20, 5}} {
			for _, xray := range []bool{true, false} {
				for _, help := range []bool{false, true} {
					p.m.showXray, p.m.help = xray, help
					p.take(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					lines := strings.Split(p.view(), "\n")
					assert.LessOrEqual(t, len(lines), size[1], "%v", size)
					for _, line := range lines {
						if size[0] >= 40 {
							assert.LessOrEqual(t, ansi.StringWidth(line), size[0], "%v %q",
								size, line)
						}
					}
				}
			}
		}
	}
}

// views are the states of the golden files.
var views = map[string]func(*person){
	"session": func(p *person) {},
	"xray":    func(p *person) { p.press(tea.KeyCtrlX) },
	"complete": func(p *person) {
		p.m.entries, p.m.seen, p.m.wrapped = nil, nil, 0
		p.types("e")
	},
	"waits": func(p *person) { p.m.busy = true; p.types("ack ferret") },
	"help":  func(p *person) { p.press(tea.KeyF1) },
	"help-end": func(p *person) {
		p.press(tea.KeyF1)
		for range 10 {
			p.view()
			p.press(tea.KeyPgDown)
		}
	},
}

// TestGoldenViews shows a session with invented events and rows: a real session has its own
// times and ports.
func TestGoldenViews(t *testing.T) {
	lipgloss.SetColorProfile(termenv.Ascii)
	url := serve(t)
	for _, language := range lang.All {
		p := newPerson(t, url, Config{Lang: language}, 80, 24)
		p.sees(language.Say("connected to /", "已连接"))
		p.idle()
		for name, prepare := range views {
			for _, size := range golden.Sizes {
				file := fmt.Sprintf("%s-%dx%d-%s.txt", name, size[0], size[1], language)
				t.Run(file, func(t *testing.T) {
					p.sample()
					p.take(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					prepare(p)
					golden.Fits(t, p.view(), size[0], size[1])
					golden.View(t, file, p.view())
				})
			}
		}
		p.m.busy = false
	}
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.Local)

// sample shows a session with each kind of event and row.
func (p *person) sample() {
	m := p.m
	m.busy, m.help, m.showXray, m.wrapped = false, false, false, 0
	m.input.Reset()
	value := func(text string) siopacket.Raw { return siopacket.Raw{Text: siopacket.Value(text)} }
	event := func(e connect.Event) entry {
		e.Time = noon
		return entry{event: e}
	}
	m.entries = []entry{
		event(connect.Event{Kind: connect.State, Name: "connect", Namespace: "/",
			Text: lang.Text{EN: "connected to / as Ab3", ZH: "已连接到 /，id 为 Ab3"}}),
		{typed: `ack ferret "tobi" 7`},
		event(connect.Event{Kind: connect.Sent, Name: "ferret",
			Args: []siopacket.Raw{value(`"tobi"`), value("7")}}),
		event(connect.Event{Kind: connect.Received, Name: "ferret", Ack: true,
			Took: 1200 * time.Microsecond, Args: []siopacket.Raw{value(`"woot"`)}}),
		event(connect.Event{Kind: connect.Received, Name: "chat message", Namespace: "/chat",
			Wants: 1, Args: []siopacket.Raw{value(`{"from":"ann","text":"` +
				strings.Repeat("long 长 ", 20) + `"}`)}}),
		event(connect.Event{Kind: connect.Problem, Name: "connect_error", Namespace: "/admin",
			Text: lang.Text{EN: "the server refused the namespace: not authorized",
				ZH: "服务器拒绝了这个命名空间：not authorized"},
			Hint: lang.Text{EN: "check the payload of join", ZH: "检查 join 的内容"}}),
	}
	row := func(id uint64, dir tap.Direction, layer xray.Layer, en, zh string) *xray.Row {
		return &xray.Row{ID: id, Conn: 2, Dir: dir, Layer: layer, Summary: lang.Text{EN: en,
			ZH: zh}}
	}
	m.seen = []*xray.Row{
		row(1, tap.In, xray.WS, "text frame, masked, 20 bytes", "文本帧，有掩码，20 字节"),
		row(2, tap.In, xray.Event, `the client emits "ferret" with "tobi" and wants an ack`,
			`客户端发出 "ferret"，内容 "tobi"，要求回执`),
		row(3, tap.Out, xray.WS, "text frame, 12 bytes", "文本帧，12 字节"),
		row(4, tap.Out, xray.Event, `the server acks "ferret" with "woot"`,
			`服务器回执 "ferret"，内容 "woot"`),
	}
	m.seen[2].Problem = &lang.Text{EN: "its mask bit is not 0", ZH: "掩码位不是 0"}
}

func TestScrolling(t *testing.T) {
	p := newPerson(t, serve(t), Config{}, 80, 24)
	p.sees("connected to /")
	p.idle()
	for range 50 {
		p.m.problem("filler")
	}
	p.m.problem("the last line")
	assert.Contains(t, p.view(), "the last line")
	p.press(tea.KeyPgUp)
	assert.NotContains(t, p.view(), "the last line")
	assert.Contains(t, p.view(), "more lines: pgdown")
	before := p.view()
	p.m.problem("one more")
	assert.Equal(t, strings.Replace(before, "↓ 13 more", "↓ 14 more", 1), p.view(),
		"what is read stays in its place")
	for range 10 {
		p.press(tea.KeyPgDown)
	}
	assert.Contains(t, p.view(), "one more")
	p.press(tea.KeyCtrlL)
	assert.NotContains(t, p.view(), "filler")
	for range 3 * maxEntries {
		p.m.problem("flood")
	}
	p.view()
	assert.LessOrEqual(t, len(p.m.entries), maxEntries+maxEntries/4)
}

func TestHistoryIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config", "history")
	h := openHistory(file)
	for _, line := range []string{"emit a", "emit a", " emit secret", "emit b"} {
		h.add(line)
	}
	require.NoError(t, h.save())
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again := openHistory(file)
	assert.Equal(t, []string{"emit a", "emit b"}, again.lines)
	assert.Equal(t, "emit b", again.move(-1, "draft"))
	assert.Equal(t, "emit a", again.move(-5, "emit b"))
	assert.Equal(t, "draft", again.move(9, "emit a"))
	for range 2 * maxHistory {
		again.add(strings.Repeat("x", len(again.lines)%7+1))
	}
	require.NoError(t, again.save())
	assert.Len(t, openHistory(file).lines, maxHistory)
	require.NoError(t, openHistory("").save())
}

// TestRun: the program ends with its context, whatever it does.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := connect.Open(ctx, connect.Config{URL: serve(t), As: "socketio",
		ReadFile: os.ReadFile})
	require.NoError(t, err)
	defer s.Close()
	in, typing, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	defer typing.Close()
	out, err := os.Create(filepath.Join(t.TempDir(), "screen"))
	require.NoError(t, err)
	defer out.Close()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, Config{Session: s, URL: "x", Input: in, Output: out}) }()
	require.Eventually(t, s.Connected, waitTime, time.Millisecond)
	_, err = typing.WriteString("wait nothing 1m\r")
	require.NoError(t, err)
	cancel()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(waitTime):
		require.Fail(t, "Run did not end")
	}
}
