package eavesdrop

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/host"
	"realtimelab/internal/lesson"
	"realtimelab/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run serves the demo in the lab until the test ends.
func run(t *testing.T) (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r, err := host.Start(host.Config{
		Lesson: lesson.Lesson{Name: "production-tls"}, Demo: Demo(), Listener: listener,
		Web: web.Pages, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
		http.DefaultClient.CloseIdleConnections()
	})
	return "http://" + listener.Addr().String()
}

func try(t *testing.T, url, body string) (status int, r result) {
	resp, err := http.Post(url+"/try", "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&r))
	return resp.StatusCode, r
}

func layers(rows []lesson.Row) map[string]int {
	all := map[string]int{}
	for _, row := range rows {
		all[row.Layer]++
	}
	return all
}

// TestWhoCanRead: TLS hides the cookie from the network. A tunnel keeps that, and a proxy that
// inspects ends it, where the client trusts its CA.
func TestWhoCanRead(t *testing.T) {
	url := run(t)
	for _, c := range []struct {
		body     string
		readable []string
		status   int
		fails    string
	}{
		{`"tls":false,"proxy":"none"`, []string{"network", "server"}, 101, ""},
		{`"tls":true,"proxy":"none"`, []string{"server"}, 101, ""},
		{`"tls":false,"proxy":"tunnel"`, []string{"network", "server"}, 101, ""},
		{`"tls":true,"proxy":"tunnel"`, []string{"server"}, 101, ""},
		{`"tls":true,"proxy":"inspect","trust":true`, []string{"proxy", "server"}, 101, ""},
		{`"tls":true,"proxy":"inspect"`, nil, 0, "unknown authority"},
		{`"tls":false,"proxy":"inspect"`, []string{"network", "proxy", "server"}, 101, ""},
		{`"tls":true,"proxy":"no-upgrade","trust":true`, []string{"proxy", "server"}, 426,
			"bad handshake"},
		{`"tls":false,"proxy":"no-upgrade"`, []string{"network", "proxy", "server"}, 426,
			"bad handshake"},
	} {
		t.Run(c.body, func(t *testing.T) {
			status, r := try(t, url, `{"text":"hello",`+c.body+`}`)
			require.Equal(t, http.StatusOK, status)
			assert.Equal(t, c.readable, r.Readable)
			assert.Contains(t, r.Error, c.fails)
			if c.fails == "" {
				assert.Equal(t, "hello", r.Echo)
				assert.Empty(t, r.Error)
			} else {
				assert.Empty(t, r.Echo)
			}
			if strings.Contains(c.fails, "authority") {
				assert.Empty(t, r.Proxy,
					"nothing was said in the connection that the client refused")
				assert.Empty(t, r.Server)
			}
			if c.status > 0 {
				assert.Equal(t, c.status, r.Status)
			}
			if secure := strings.Contains(c.body, `"tls":true`); secure {
				assert.Positive(t, layers(r.Network)["tls"])
				assert.Zero(t, layers(r.Network)["ws"])
			}
		})
	}
}

// TestBytesAreReal: the network's rows are the records of one connection, and the server's frames
// hold the message.
func TestBytesAreReal(t *testing.T) {
	_, r := try(t, run(t), `{"tls":true,"proxy":"tunnel","text":"noon"}`)
	require.NotEmpty(t, r.Network)
	assert.Contains(t, string(r.Network[0].Data), "CONNECT localhost:")
	assert.Contains(t, r.Network[2].Summary.EN, "ClientHello for localhost")
	var frames []string
	for _, row := range r.Server {
		if row.Layer == "ws" && row.Dir == "in" && row.Plain != nil {
			frames = append(frames, string(row.Plain))
		}
	}
	assert.Contains(t, frames, "noon", "the mask hides nothing")
	assert.Empty(t, r.Proxy, "a tunnel reads nothing")
}

func TestBadAttempts(t *testing.T) {
	url := run(t)
	for body, says := range map[string]string{
		`{`:                            "want a JSON object",
		`{"proxy":"magic","text":"a"}`: "want one of none, tunnel, inspect, no-upgrade",
		`{"text":""}`:                  "1 to 200 bytes",
		`{"text":"` + strings.Repeat("x", 201) + `"}`: "1 to 200 bytes",
	} {
		status, r := try(t, url, body)
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Contains(t, r.Error, says)
	}
	_, err := Demo().Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	assert.Error(t, err, "the x-ray needs the lab")
}

// TestAttemptsAreBounded: a fifth attempt at the same time has to wait.
func TestAttemptsAreBounded(t *testing.T) {
	d := &demo{running: make(chan struct{}, tryAtOnce)}
	for range tryAtOnce {
		d.running <- struct{}{}
	}
	w := httptest.NewRecorder()
	d.serve(w, httptest.NewRequest(http.MethodPost, "/try", strings.NewReader(`{"text":"a"}`)))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
}
