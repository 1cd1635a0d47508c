package proxies

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest/need"
)

// byAddress chooses the server by the client's address instead of the cookie.
var byAddress = map[string]edit{
	"nginx":   with("http://by_cookie;", "http://by_address;"),
	"haproxy": with("default_backend by_cookie", "default_backend by_address"),
	"caddy":   with("lb_policy cookie lab_server", "lb_policy ip_hash"),
}

// session connects to the demo broadcast over polling and receives its own messages. It returns the
// first answer that refuses it, and leaves the session open.
func session(t *testing.T, c *http.Client, url string) (refused string) {
	t.Helper()
	at := url + "/socket.io/?EIO=4&transport=polling"
	exchange := func(method, body string) (answer string, ok bool) {
		resp, err := c.Do(request(t, method, at, body))
		require.NoError(t, err)
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		if resp.StatusCode != http.StatusOK {
			refused = fmt.Sprint(resp.StatusCode, " ", string(data))
		}
		return string(data), resp.StatusCode == http.StatusOK
	}
	open, ok := exchange(http.MethodGet, "")
	if !ok {
		return refused
	}
	var handshake struct{ Sid string }
	require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(open, "0")), &handshake), open)
	at += "&sid=" + handshake.Sid
	for _, say := range []string{"40",
		`42["chat message self",{"id":"1","from":"ann","text":"hi"}]`,
		`42["chat message self",{"id":"2","from":"ann","text":"hi"}]`} {
		if _, ok := exchange(http.MethodPost, say); !ok {
			return refused
		}
		for wanted, heard := say[:min(len(say), 10)], ""; !strings.Contains(heard, wanted); {
			if heard, ok = exchange(http.MethodGet, ""); !ok {
				return refused
			}
		}
	}
	return ""
}

// official returns the reports of the official client, one line for each of n clients.
func official(t *testing.T, f front, clients int) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), need.Tool(t, "node"), "proxied.mjs", f.url,
		fmt.Sprint(clients))
	cmd.Dir = node.Dir(t)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, clients, "%s", out)
	return lines
}

// TestSticky: each session stays on its server, and the servers share the sessions.
func TestSticky(t *testing.T) {
	for _, p := range all {
		for _, by := range []string{"cookie", "address"} {
			t.Run(p.name+" by "+by, func(t *testing.T) {
				addrA, a := demo(t, "broadcast")
				addrB, b := demo(t, "broadcast")
				var edits []edit
				if by == "address" {
					edits = append(edits, byAddress[p.name])
				}
				f := start(t, p, [2]string{addrA, addrB}, edits...)
				for i := 0; a.Clients() == 0 || b.Clients() == 0; i++ {
					require.Less(t, i, 100, "one server gets all: %d and %d", a.Clients(),
						b.Clients())
					c := f.client(t)
					if by == "address" {
						c = f.from(t, fmt.Sprint("127.0.0.", i+2))
					}
					require.Empty(t, session(t, c, f.url))
				}
				assert.Equal(t, slices.Repeat([]string{"websocket"}, 4), official(t, f, 4))
			})
		}
	}
}

// TestNotSticky: without the line that makes sessions stick, a server gets a session of another
// one.
func TestNotSticky(t *testing.T) {
	for _, c := range []struct {
		p         proxy
		line      string
		byAddress bool
	}{
		{nginx, "hash $sticky_key", false},
		{nginx, "add_header Set-Cookie", false},
		{nginx, "hash $remote_addr", true},
		{haproxy, "cookie lab_server", false},
		{haproxy, "balance source", true},
		{caddy, "lb_policy", false},
	} {
		t.Run(c.p.name+" without "+strings.ReplaceAll(c.line, "$", ""), func(t *testing.T) {
			a, _ := demo(t, "broadcast")
			b, _ := demo(t, "broadcast")
			edits := []edit{without(c.line)}
			if c.byAddress {
				edits = append(edits, byAddress[c.p.name])
			}
			f := start(t, c.p, [2]string{a, b}, edits...)
			refused := ""
			for i := 0; refused == "" && i < 50; i++ {
				refused = session(t, f.client(t), f.url)
			}
			assert.Equal(t, `400 {"code":1,"message":"Session ID unknown"}`, refused)
			assert.Contains(t, strings.Join(official(t, f, 12), "\n"), "refused",
				"the official client, without a second try")
		})
	}
}
