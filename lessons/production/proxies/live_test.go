package proxies_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/longconn"
	"realtimelab/lessons/longpoll"
	"realtimelab/lessons/production/proxies"
	"realtimelab/lessons/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// demo is the running demo, with the lanes of three lessons.
type demo struct {
	*testing.T
	*lesson.Instance
}

func start(t *testing.T) demo {
	lab := &lesson.Lab{
		Lessons: []lesson.Lesson{longpoll.Lesson(), longconn.Lesson(), websocket.Lesson()},
		Keyed:   func(r *http.Request) bool { return r.Header.Get("Authorization") == "the key" },
	}
	i, err := proxies.Demo().Start(lesson.Env{Log: slog.New(slog.DiscardHandler), Lab: lab})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, i.Close(ctx))
	})
	return demo{t, i}
}

type state struct {
	Keyed, Running      bool
	Run, Total          int
	Idle, Problem       string
	Idles               []string
	Transports, Proxies []struct{ Name string }
	Cells               []struct {
		Transport, Proxy, Verdict string
		Says                      struct{ EN, ZH string }
	}
}

func (d demo) ask(method, body, key string) (int, string, state) {
	d.Helper()
	r := httptest.NewRequest(method, "/lab/proxies", strings.NewReader(body))
	r.Header.Set("Authorization", key)
	w := httptest.NewRecorder()
	d.Handler.ServeHTTP(w, r)
	var s state
	_ = json.Unmarshal(w.Body.Bytes(), &s) // an error has other fields
	return w.Code, w.Body.String(), s
}

func TestTheKeyMeasures(t *testing.T) {
	d := start(t)
	_, text, s := d.ask("GET", "", "")
	assert.False(t, s.Keyed)
	assert.Equal(t, "20s", s.Idle)
	assert.Empty(t, s.Cells)
	assert.Contains(t, text, `"cells":[]`)
	assert.Equal(t, 1, d.Clients())
	require.Len(t, s.Transports, 5)
	require.Len(t, s.Proxies, 9)
	assert.Equal(t, 45, s.Total)
	for body, status := range map[string]int{`{"idle":"20s"}`: 403, ``: 403} {
		code, _, _ := d.ask("POST", body, "")
		assert.Equal(t, status, code, body)
	}
	for _, body := range []string{``, `{}`, `{"idle":"1ns"}`, `{"idle":"20"}`, `[`,
		strings.Repeat(" ", 2000)} {
		code, text, _ := d.ask("POST", body, "the key")
		assert.Equal(t, http.StatusBadRequest, code, body)
		assert.Contains(t, text, `"error"`, body)
	}

	code, _, s := d.ask("POST", `{"idle":"5s"}`, "the key")
	require.Equal(t, http.StatusOK, code)
	assert.True(t, s.Running)
	assert.Equal(t, 1, s.Run)
	code, text, _ = d.ask("POST", `{"idle":"5s"}`, "the key")
	assert.Equal(t, http.StatusConflict, code, "one at a time")
	assert.Contains(t, text, "under way")
	if testing.Short() {
		return // Close ends the measurement
	}
	require.Eventually(t, func() bool {
		_, _, s = d.ask("GET", "", "")
		return !s.Running
	}, 2*time.Minute, 50*time.Millisecond)
	assert.Empty(t, s.Problem)
	require.Len(t, s.Cells, 45)
	broken := map[string]bool{}
	for _, c := range s.Cells {
		assert.NotEmpty(t, c.Says.EN)
		assert.NotEmpty(t, c.Says.ZH)
		if c.Verdict == "broken" {
			broken[c.Transport+" "+c.Proxy] = true
		}
	}
	assert.Equal(t, map[string]bool{"websocket no-websocket": true, "websocket http10": true,
		"websocket lossy-upgrade": true}, broken)
}

func TestOutsideTheLab(t *testing.T) {
	_, err := proxies.Demo().Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	assert.ErrorContains(t, err, "lab run")
}
