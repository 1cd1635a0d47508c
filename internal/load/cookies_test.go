package load

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
)

// balancer answers as a load balancer with a sticky cookie in front of many servers: a request that
// has no cookie gets one, and a session is known only where its first request went.
type balancer struct {
	mu      sync.Mutex
	clients int
	server  map[string]string // of a session
	strays  int
	also    string // a cookie that each request must have, from the configuration
}

func (b *balancer) before(w http.ResponseWriter, r *http.Request) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	server := ""
	if cookie, err := r.Cookie("server"); err == nil {
		server = cookie.Value
	} else {
		b.clients++
		server = fmt.Sprint(b.clients)
		http.SetCookie(w, &http.Cookie{Name: "server", Value: server, Path: "/"})
	}
	_, err := r.Cookie(b.also)
	sid := r.URL.Query().Get("sid")
	known, seen := b.server[sid]
	if !seen && sid != "" {
		b.server[sid], known = server, server
	}
	if sid != "" && known != server || b.also != "" && err != nil {
		b.strays++
		http.Error(w, `{"code":1,"message":"Session ID unknown"}`, http.StatusBadRequest)
		return false
	}
	return true
}

// Clients keep the cookie of a balancer, over polling and through the upgrade.
func TestClientsKeepCookies(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"polling": func(c *Config) { c.As = SocketIOPolling },
		"upgrade": func(c *Config) { c.Upgrade = true },
		"with a cookie of --header": func(c *Config) {
			c.Upgrade, c.Header = true, http.Header{"Cookie": {"user=ann"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := &balancer{server: map[string]string{}}
			c := small("", Publish)
			change(&c)
			if c.Header != nil {
				b.also = "user"
			}
			c.URL = servePollingOnly(t, engineio.Config{}, b.before)
			r := put(t, c)
			assert.Empty(t, r.Failures)
			assert.Equal(t, 10, r.Clients.Held)
			assert.Positive(t, r.Messages.Sent)
			assert.Equal(t, 10*r.Messages.Sent, r.Messages.Delivered)
			b.mu.Lock()
			defer b.mu.Unlock()
			assert.Zero(t, b.strays, "requests at another server")
			// one more for the client of the preflight
			assert.Equal(t, 11, b.clients, "clients that got a cookie")
		})
	}
	plain := &client{run: &run{}}
	plain.keep(nil, &http.Response{Header: http.Header{}})
	require.Nil(t, plain.jar.Load(), "a client without cookies has no jar")
}
