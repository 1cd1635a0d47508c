package proxies

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// TestWebSocketOverHTTP2: through HAProxy Chromium opens a WebSocket on its HTTP/2 connection (RFC
// 8441). nginx does not announce support, so Chromium opens another connection, with HTTP/1.1.
func TestWebSocketOverHTTP2(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, c := range []struct {
		p       proxy
		tell    edit // the server which version the browser speaks
		version string
	}{
		{haproxy, with("\tdefault_backend",
			"\thttp-request set-header X-Browser %[fc_http_major]\n\tdefault_backend"),
			"x-browser: 2"},
		{nginx, with("proxy_pass http://by_cookie;",
			"proxy_pass http://by_cookie;\n\t\t\tproxy_set_header X-Browser $server_protocol;"),
			"x-browser: http/1.1"},
	} {
		t.Run(c.p.name, func(t *testing.T) {
			addr, r := demo(t, "ws-echo")
			f := start(t, c.p, [2]string{addr, addr}, c.tell)
			tab := browser.Tab(t)
			tab.Open(f.url)
			tab.WaitText("#status", "open")
			rows, err := r.Xray().Rows(t.Context())
			require.NoError(t, err)
			found := 0
			for _, row := range rows {
				if head := strings.ToLower(string(row.Data)); row.Layer == xray.HTTP &&
					row.Dir == tap.In && strings.HasPrefix(head, "get /ws") {
					assert.Contains(t, head, c.version+"\r\n")
					assert.Contains(t, head, "upgrade: websocket")
					found++
				}
			}
			assert.Positive(t, found)
		})
	}
}
