package socketio

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lesson"
)

// TestForeignOriginsAreRefused asks every demo for a session over both transports.
func TestForeignOriginsAreRefused(t *testing.T) {
	foreign := map[string]http.Header{
		"another origin":                     {"Origin": {"http://evil.example"}},
		"another port":                       {"Origin": {"http://127.0.0.1:1"}},
		"a sandboxed page":                   {"Origin": {"null"}},
		"no URL":                             {"Origin": {"http://%zz"}},
		"a script of a page elsewhere":       {"Sec-Fetch-Site": {"cross-site"}},
		"a script of a page on another port": {"Sec-Fetch-Site": {"same-site"}},
	}
	for _, d := range demos() {
		running, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		server := httptest.NewServer(running.Handler)
		ask := func(transport string, header http.Header) (int, string) {
			r, err := http.NewRequest("GET",
				server.URL+"/socket.io/?EIO=4&transport="+transport, nil)
			require.NoError(t, err)
			for name, values := range header {
				r.Header[name] = values
			}
			if transport == "websocket" {
				r.Header.Set("Connection", "Upgrade")
				r.Header.Set("Upgrade", "websocket")
				r.Header.Set("Sec-WebSocket-Version", "13")
				r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
			}
			res, err := server.Client().Transport.RoundTrip(r)
			require.NoError(t, err)
			defer res.Body.Close()
			if res.StatusCode == http.StatusSwitchingProtocols {
				return res.StatusCode, ""
			}
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			return res.StatusCode, string(body)
		}
		for transport, statuses := range map[string]struct {
			refused,
			welcome int
		}{"polling": {403, 200}, "websocket": {400, 101}} {
			for who, header := range foreign {
				status, body := ask(transport, header)
				assert.Equal(t, statuses.refused, status, "%s over %s: %s", d.Name, transport, who)
				assert.Contains(t, body, "another origin")
			}
			for _, header := range []http.Header{
				{}, {"Origin": {server.URL}}, {"Origin": {strings.ToUpper(server.URL)}},
				{"Sec-Fetch-Site": {"same-origin"}}, {"Sec-Fetch-Site": {"none"}},
			} {
				status, _ := ask(transport, header)
				assert.Equal(t, statuses.welcome, status, "%s over %s: %v", d.Name,
					transport, header)
			}
		}
		require.NoError(t, running.Close(t.Context()))
		server.Close()
	}
}
