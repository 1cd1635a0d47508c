package sioclient_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sioclient"
)

// TestUpgradeOfASessionThatEnds: the client ends the session while an upgrade is probed, and the
// server then ends the WebSocket or refuses it. The upgrade has not failed.
func TestUpgradeOfASessionThatEnds(t *testing.T) {
	ends := map[string]func(w http.ResponseWriter, r *http.Request, ending <-chan struct{}){
		"closed": func(w http.ResponseWriter, r *http.Request, ending <-chan struct{}) {
			var upgrader websocket.Upgrader
			conn, err := upgrader.Upgrade(w, r, nil)
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			<-ending
			assert.NoError(t, conn.WriteMessage(websocket.CloseMessage, nil))
			io.Copy(io.Discard, conn.NetConn()) // until the client has read it, and given up
		},
		"refused": func(w http.ResponseWriter, r *http.Request, ending <-chan struct{}) {
			<-ending
			http.Error(w, "Session ID unknown", http.StatusBadRequest)
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			probing, ending, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
			polls := make(chan string, 1)
			polls <- `40{"sid":"socket"}`
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
				r *http.Request) {
				query := r.URL.Query()
				body, _ := io.ReadAll(r.Body)
				switch {
				case query.Get("transport") == "websocket":
					close(probing)
					end(w, r, ending)
					close(over)
				case query.Get("sid") == "":
					io.WriteString(w,
						`0{"sid":"x","upgrades":["websocket"],"pingInterval":60000,"pingTimeout":60000,"maxPayload":1000000}`)
				case r.Method == http.MethodGet:
					select {
					case packet := <-polls:
						io.WriteString(w, packet)
					case <-over:
						io.WriteString(w, "6")
					case <-r.Context().Done():
					}
				case string(body) == "40": // CONNECT
					io.WriteString(w, "ok")
				default: // the end of the session
					close(ending)
					<-over
					io.WriteString(w, "ok")
				}
			}))
			defer server.Close()
			m, err := sioclient.NewManager(server.URL, fast)
			require.NoError(t, err)
			failed := make(chan error, 1)
			m.OnUpgradeError(func(_ string, err error) { failed <- err })
			require.NoError(t, m.Socket("/").Connect(t.Context()))
			next(t, probing)
			m.Close() // waits until the probe is over, and for the functions
			select {
			case err := <-failed:
				assert.Fail(t, "the upgrade has not failed", "%v", err)
			default:
			}
		})
	}
}

// TestUpgradeErrorNamesTheAnswer: an answer in the form of Engine.IO differs from a proxy's own.
func TestUpgradeErrorNamesTheAnswer(t *testing.T) {
	for body, want := range map[string]sioclient.HandshakeError{
		`{"code":3,"message":"Bad request"}`: {StatusCode: 400, Message: "Bad request",
			EngineIO: true},
		`"Invalid transport"`: {StatusCode: 400, Message: "Invalid transport",
			EngineIO: true},
		`{"message":"no such route"}`: {StatusCode: 400, Message: "no such route"},
		"Session ID unknown":          {StatusCode: 400, Message: "Session ID unknown"},
		"<h1>400 Bad request</h1>":    {StatusCode: 400},
		"":                            {StatusCode: 400},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, body)
		}))
		c := fast
		c.Transports = []string{"websocket"}
		_, err := sioclient.Dial(t.Context(), server.URL, c)
		server.Close()
		var refused *sioclient.HandshakeError
		if assert.True(t, errors.As(err, &refused), "%v", err) {
			assert.Equal(t, want, *refused, body)
		}
	}
}
