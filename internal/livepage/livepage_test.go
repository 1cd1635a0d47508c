package livepage

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watch serves viewers, and connects a page. The viewers tell their news, and answer pings.
func watch(t *testing.T, ctx context.Context, admit func(*Viewer) bool) (page *websocket.Conn,
	served chan struct{}) {
	t.Helper()
	served = make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { served <- struct{}{} }()
		v := NewViewer()
		if !v.Open(w, r, http.Header{"X-Lab": {"yes"}}) {
			return
		}
		if !admit(v) {
			v.Refuse()
			return
		}
		v.Serve(ctx, func(ctx context.Context) {
			for {
				var message any
				select {
				case <-v.News:
					message = "news"
				case message = <-v.Pongs:
				case <-ctx.Done():
					return
				}
				if v.Send(message) != nil {
					return
				}
			}
		})
	}))
	t.Cleanup(server.Close)
	page, resp, err := websocket.DefaultDialer.Dial("ws"+
		strings.TrimPrefix(server.URL, "http"), nil)
	require.NoError(t, err)
	t.Cleanup(func() { page.Close() })
	assert.Equal(t, "yes", resp.Header.Get("X-Lab"))
	require.NoError(t, page.SetReadDeadline(time.Now().Add(time.Minute)))
	return page, served
}

func TestAPageGetsNewsAndPongs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	viewers := make(chan *Viewer, 1)
	page, served := watch(t, ctx, func(v *Viewer) bool { viewers <- v; return true })
	v := <-viewers
	for range 3 {
		v.Wake() // never blocks
	}
	var news string
	require.NoError(t, page.ReadJSON(&news))
	assert.Equal(t, "news", news)
	before := float64(time.Now().UnixMicro()) / 1000
	require.NoError(t, page.WriteMessage(websocket.TextMessage, []byte(`{"hello":1}`)))
	require.NoError(t, page.WriteMessage(websocket.TextMessage, []byte(`{"ping":17.5}`)))
	var pong struct{ Pong, Now float64 }
	for pong.Pong == 0 {
		_, text, err := page.ReadMessage()
		require.NoError(t, err)
		if strings.HasPrefix(string(text), `"news"`) {
			continue // a second one may be on its way
		}
		require.NoError(t, json.Unmarshal(text, &pong))
	}
	assert.Equal(t, 17.5, pong.Pong)
	assert.GreaterOrEqual(t, pong.Now, before)
	cancel()
	var err error
	for err == nil { // more news may be on their way
		_, _, err = page.ReadMessage()
	}
	assert.True(t, websocket.IsCloseError(err, websocket.CloseGoingAway), "%v", err)
	<-served
}

func TestAPageThatDisconnectsEndsItsViewer(t *testing.T) {
	page, served := watch(t, t.Context(), func(*Viewer) bool { return true })
	require.NoError(t, page.Close())
	select {
	case <-served:
	case <-time.After(time.Minute):
		require.FailNow(t, "the viewer goes on")
	}
}

func TestAPageMayBeRefused(t *testing.T) {
	page, served := watch(t, t.Context(), func(*Viewer) bool { return false })
	_, _, err := page.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseTryAgainLater), "%v", err)
	<-served
}

func TestChange(t *testing.T) {
	type change struct{ Rate int }
	var applied []int
	for _, c := range []struct {
		name, body string
		keyed      bool
		err        error
		status     int
		says       string
	}{
		{"applied", `{"rate":7}`, true, nil, http.StatusNoContent, ""},
		{"without the key", `{"rate":7}`, false, nil, http.StatusForbidden,
			"Open the page with the key"},
		{"no JSON", `rate=7`, true, nil, http.StatusBadRequest, "invalid character"},
		{"too long", `{"rate":` + strings.Repeat(" ", changeLimit) + `7}`, true, nil,
			http.StatusBadRequest, "too large"},
		{"refused", `{"rate":7}`, true, errors.New("rate 7: want 1 to 5"), http.StatusBadRequest,
			"rate 7: want 1 to 5"},
		{"busy", `{"rate":7}`, true, Busy("wait for the end"), http.StatusConflict,
			"wait for the end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			applied = nil
			w := httptest.NewRecorder()
			Change(func(*http.Request) bool { return c.keyed }, func(wanted change) error {
				applied = append(applied, wanted.Rate)
				return c.err
			})(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body)))
			body, err := io.ReadAll(w.Result().Body)
			require.NoError(t, err)
			assert.Equal(t, c.status, w.Code)
			assert.Contains(t, string(body), c.says)
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			if c.name == "applied" {
				assert.Equal(t, []int{7}, applied)
			}
		})
	}
}
