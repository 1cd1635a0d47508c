package screen

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/golden"
	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/lang"
	"realtimelab/internal/load"
)

func TestMain(m *testing.M) { labtest.Main(m) }

var state = load.Live{
	Phase: "measure", Elapsed: 5 * time.Second, Of: 10 * time.Second, Clients: 90, Wanted: 100,
	Connecting: 3, Sent: 50, Delivered: 4400, Missing: 100,
	Latency: load.Percentiles{Count: 4400, P50: 1.5, P90: 2, P99: 20, Max: 40},
	Recent:  load.Slice{P99: 30, CPU: 0.4},
	Failures: []load.Failure{{Phase: "connect", Cause: load.CauseRefused, Count: 7,
		Example: "dial \x1b[31m"}},
	Limits: []lang.Text{{EN: "it kept 1.9 of its 2 cores busy",
		ZH: "它占满了 2 个核中的 1.9 个"}},
}

func TestView(t *testing.T) {
	for _, language := range lang.All {
		for _, width := range []int{1, 20, 80, 200} {
			var m tea.Model = model{config: Config{Load: load.Config{URL: "http://127.0.0.1:3000",
				Profile: load.Publish}, Lang: language}, cancel: func() {}}
			assert.NotEmpty(t, m.View(), "before the first figures")
			m, _ = m.Update(tea.WindowSizeMsg{Width: width, Height: 24})
			for range 100 {
				m, _ = m.Update(state)
			}
			view := m.View()
			assert.LessOrEqual(t, strings.Count(view, "\n"), 23)
			for line := range strings.Lines(view) {
				assert.LessOrEqual(t, ansi.StringWidth(strings.TrimSuffix(line, "\n")), width)
			}
			assert.NotContains(t, view, "\x1b[31m", "the server's text is cleaned")
			if width == 200 {
				for _, want := range []string{"90 / 100", "4400", "p99 20.00", "7 × ",
					language.Say("connection refused", "连接被拒绝"),
					language.Say("may be the bottleneck", "可能是瓶颈"),
					"5s/10s", language.Say("q ends", "q 提前结束"),
					language.Say("nothing was measured yet", "还没有数据")} {
					assert.Contains(t, view, want)
				}
			}
		}
	}
}

// TestGoldenViews shows all that a run can say, and one that begins.
func TestGoldenViews(t *testing.T) {
	full := state
	full.Failures = append(slices.Clone(state.Failures),
		load.Failure{Phase: "upgrade", Cause: load.CauseStatus, Count: 12, Example: "HTTP 400"})
	for name, live := range map[string]load.Live{"run": full,
		"begin": {Phase: "connect", Elapsed: time.Second, Clients: 3, Wanted: 100, Connecting: 9}} {
		for _, size := range golden.Sizes {
			for _, language := range lang.All {
				file := fmt.Sprintf("%s-%dx%d-%s.txt", name, size[0], size[1], language)
				t.Run(file, func(t *testing.T) {
					var m tea.Model = model{config: Config{Load: load.Config{
						URL: "http://127.0.0.1:3000", Profile: load.Publish}, Lang: language}}
					m, _ = m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					for i := range 40 {
						live.Recent.P99 = float64(i * i)
						m, _ = m.Update(live)
					}
					golden.Fits(t, m.View(), size[0], size[1])
					golden.View(t, file, m.View())
				})
			}
		}
	}
}

func TestKeysEndTheRun(t *testing.T) {
	for _, key := range []tea.KeyMsg{{Type: tea.KeyCtrlC}, {Type: tea.KeyEsc},
		{Type: tea.KeyRunes, Runes: []rune("q")}} {
		ended := false
		m, _ := model{cancel: func() { ended = true }, width: 80}.Update(key)
		assert.True(t, ended, key)
		assert.Contains(t, m.View(), "closing the connections")
	}
	m, _ := model{cancel: func() {
		assert.Fail(t, "x ends nothing")
	}, width: 80}.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("x")})
	assert.NotContains(t, m.View(), "closing")
}

// A whole run with a terminal's input and output: q ends it, and there is a report.
func TestRun(t *testing.T) {
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	input, keys := io.Pipe()
	defer keys.Close()
	var output locked.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		for !strings.Contains(output.String(), "measuring") && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		_, _ = keys.Write([]byte("q"))
	}()
	report, err := Run(ctx, Config{Load: load.Config{URL: "ws" +
		strings.TrimPrefix(server.URL, "http"), Clients: 5, Duration: time.Hour},
		Lang: lang.English, Input: input, Output: &output})
	require.NoError(t, err)
	assert.True(t, report.Interrupted)
	assert.Equal(t, 5, report.Clients.Peak)
	require.NoError(t, ctx.Err())

	_, err = Run(ctx, Config{Load: load.Config{URL: "http://127.0.0.1:1"},
		Input: strings.NewReader(""), Output: io.Discard})
	assert.ErrorContains(t, err, "no server answers")
}
