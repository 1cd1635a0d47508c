package proxies

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/middlebox"
)

// ours runs the lab's own proxy, of these kinds, in front of a server until the test ends.
func ours(t *testing.T, kinds, addr string) front {
	t.Helper()
	k, err := middlebox.Parse(kinds)
	require.NoError(t, err)
	p := middlebox.New(middlebox.Config{Target: addr, Kinds: k, Log: slog.New(slog.DiscardHandler)})
	s := httptest.NewUnstartedServer(p)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that a client gives up
	s.StartTLS()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, p.Close(ctx))
		s.CloseClientConnections()
		s.Close()
	})
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return front{s.URL, &tls.Config{RootCAs: roots}}
}

// TestTheLabsProxyAgrees: for each fault of --proxy that nginx can show, the lab's own proxy shows
// the same.
func TestTheLabsProxyAgrees(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for _, c := range []struct {
		kind  string
		edits []edit
		check func(t *testing.T, behind func(demo string) (f front, direct string))
	}{
		{"no-websocket", []edit{without("proxy_set_header Upgrade")}, staysOnPolling},
		{"http10", []edit{without("proxy_http_version")}, staysOnPolling},
		{"idle=1s", quiet["nginx"], func(t *testing.T, behind func(string) (front, string)) {
			f, _ := behind("long-polling")
			status, _ := get(t, f.client(t), f.url+"/messages?after=0&wait=60s")
			assert.Equal(t, http.StatusGatewayTimeout, status)
			f, _ = behind("ws-echo")
			ws, _ := upgrade(t, f)
			_, _, err := ws.ReadMessage()
			assert.True(t, websocket.IsUnexpectedCloseError(err), "without a close frame: %v", err)
		}},
		{"buffering", []edit{without("proxy_buffering"), ignoring},
			func(t *testing.T, behind func(string) (front, string)) {
				for name, path := range streams {
					f, direct := behind(name)
					inOneBatch(t, f, direct, path)
				}
			}},
	} {
		t.Run(c.kind+"/nginx", func(t *testing.T) {
			c.check(t, func(name string) (front, string) {
				return behind(t, nginx, name, c.edits...)
			})
		})
		t.Run(c.kind+"/the lab's", func(t *testing.T) {
			c.check(t, func(name string) (front, string) {
				addr, _ := demo(t, name)
				return ours(t, c.kind, addr), "http://" + addr
			})
		})
	}
	for kind, says := range map[string]string{"http10": "HTTP/1.0 GET", "none": "HTTP/1.1 GET"} {
		f := ours(t, kind, reflect(t))
		_, answer := ask(t, f, f.client(t))
		assert.True(t, strings.HasPrefix(answer, says), answer)
	}
}

func staysOnPolling(t *testing.T, behind func(string) (front, string)) {
	f, _ := behind("ws-echo")
	_, status := upgrade(t, f)
	assert.Equal(t, http.StatusUpgradeRequired, status)
	f, _ = behind("broadcast")
	assert.Equal(t, []string{"polling"}, official(t, f, 1))
}
