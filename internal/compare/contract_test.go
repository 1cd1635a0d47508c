package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

func serveContract(t *testing.T, handler http.Handler) string {
	s := httptest.NewServer(handler)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// eventServer keeps the contract of --as sse, except for what its fields say.
type eventServer struct {
	kind   string                     // the Content-Type of the stream
	event  string                     // a format of an event with its message
	change func(body string) string   // of a message
	status int                        // of the answer to POST
	hold   bool                       // POST gets no answer
	only   func(streams, at int) bool // which streams get a message; nil: all

	mu      sync.Mutex
	streams []chan string
}

func (s *eventServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /events":
		stream := make(chan string, 1000)
		s.mu.Lock()
		s.streams = append(s.streams, stream)
		s.mu.Unlock()
		w.Header().Set("Content-Type", s.kind)
		w.WriteHeader(http.StatusOK)
		for {
			_ = http.NewResponseController(w).Flush()
			select {
			case message := <-stream:
				fmt.Fprintf(w, s.event, message)
			case <-r.Context().Done():
				return
			}
		}
	case "POST /messages":
		body, _ := io.ReadAll(r.Body)
		if s.hold {
			<-r.Context().Done()
			return
		}
		s.mu.Lock()
		for i, stream := range s.streams {
			if s.only == nil || s.only(len(s.streams), i) {
				stream <- s.change(string(body))
			}
		}
		s.mu.Unlock()
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, "sorry")
	default:
		http.NotFound(w, r)
	}
}

// events serves an eventServer that keeps the contract except for a change.
func events(t *testing.T, change func(*eventServer)) string {
	s := &eventServer{kind: "text/event-stream", event: "data: %s\n\n",
		change: func(body string) string {
			return body
		}, status: 200}
	if change != nil {
		change(s)
	}
	return serveContract(t, s)
}

// with changes a field of a message.
func with(field string, value any) func(*eventServer) {
	return func(s *eventServer) {
		s.change = func(body string) string {
			var m map[string]any
			if json.Unmarshal([]byte(body), &m) != nil {
				return body
			}
			if m[field] = value; value == nil {
				delete(m, field)
			}
			data, _ := json.Marshal(m)
			return string(data)
		}
	}
}

// sockets serves a WebSocket that sends each client the result of answer for its message.
func sockets(t *testing.T, path string,
	answer func(c *websocket.Conn, message []byte) error) string {
	return serveContract(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		c, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool {
			return true
		}}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			_, message, err := c.ReadMessage()
			if err != nil || answer(c, message) != nil {
				return
			}
		}
	}))
}

// Each error says, in bounded time, what came, what the contract wants, and where it says so.
func TestAServerThatKeepsNoContractGetsAClearError(t *testing.T) {
	need.Time(t)
	nothing := serveContract(t, http.NotFoundHandler())
	posted := make(chan struct{})
	post := sync.OnceFunc(func() { close(posted) })
	late := serveContract(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NotFound(w, r)
		if r.Method == http.MethodPost {
			post()
			return
		}
		select {
		case <-posted:
			time.Sleep(4 * contractPace) // so that the POST alone is looked at
		case <-r.Context().Done():
		}
	}))
	dumb, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections but never answers
	require.NoError(t, err)
	t.Cleanup(func() { dumb.Close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	gone := "http://" + l.Addr().String()
	require.NoError(t, l.Close())
	echo := func(c *websocket.Conn, message []byte) error {
		return c.WriteMessage(websocket.TextMessage, message)
	}
	table := func(as string) string {
		return "(docs/any-server.md, the row " + as + " of the table)"
	}
	same := "(docs/any-server.md, rule 3)"

	for _, c := range []struct {
		name, url, as, workload string
		want                    []string
	}{
		{"no WebSocket", nothing, "websocket", Feed,
			[]string{`GET /ws was answered with 404 Not Found and the body "404 page not found\n"; want 101 Switching Protocols: a WebSocket at the path /ws ` + table("websocket")}},
		{"no events", nothing, "sse", Feed,
			[]string{`GET /events was answered with 404 Not Found and the body "404 page not found\n"; want 200 and text/event-stream ` + table("sse")}},
		{"no events, after an answer to a POST", late, "sse", Feed,
			[]string{`GET /events was answered with 404 Not Found and the body "404 page not found\n"; want 200 and text/event-stream ` + table("sse")}},
		{"no Socket.IO", nothing, "socketio", Feed,
			[]string{"GET /socket.io/ was answered with 404 Not Found", table("socketio")}},
		{"no Socket.IO over polling", nothing, "socketio-polling", Feed,
			[]string{"GET /socket.io/ was answered with 404 Not Found", table("socketio-polling")}},
		{"another Socket.IO", own(t, "acks", "socketio").URL, "socketio", Feed,
			[]string{"no client received a message within 10s",
				"want each message to all clients, the sender included " +
					"(docs/any-server.md, rule 2)"}},
		{"no answer", own(t, "broadcast", "socketio").URL, "socketio", Ack,
			[]string{`the event "question" got no acknowledgement within 10s`, table("socketio")}},
		{"nobody", gone, "sse", Feed, []string{"start the server first"}},
		{"dumb", "http://" + dumb.Addr().String(), "sse", Feed,
			[]string{" got no answer within 10s; want ", table("sse")}},
		{"dumb WebSocket", "http://" + dumb.Addr().String(), "websocket", Feed,
			[]string{"GET /ws got no answer within 10s; want 101 Switching Protocols"}},
		{"dumb Socket.IO", "http://" + dumb.Addr().String(), "socketio-polling", Feed,
			[]string{"GET /socket.io/ got no answer within 10s"}},

		{"text/plain", events(t, func(s *eventServer) {
			s.kind = "text/plain"
		}), "sse", Feed,
			[]string{`the answer to GET /events has the Content-Type "text/plain"; want text/event-stream ` + table("sse")}},
		{"CRLF", events(t, func(s *eventServer) {
			s.event = "data: %s\r\n\r\n"
		}), "sse", Feed, []string{`lines that end with CR or CRLF: "data: {`,
			"; want lines that end with LF " + table("sse")}},
		{"two lines of data", events(t, func(s *eventServer) {
			s.event = "data: %s\ndata: more\n\n"
		}), "sse", Feed, []string{"an event has 2 data lines: ", table("sse")}},
		{"no end of an event", events(t, func(s *eventServer) {
			s.event = "data: %s\n"
		}), "sse", Feed, []string{"no client received a message within 10s; last, the server sent ",
			"(docs/any-server.md, rule 2)"}},
		{"upper case", events(t, func(s *eventServer) {
			s.change = strings.ToUpper
		}), "sse", Feed, []string{`a client received "{\"ID\":`, "want a JSON object such as",
			"(docs/any-server.md, rule 1)"}},
		{"upper case text", events(t, func(s *eventServer) {
			s.change = func(body string) string {
				before, text, _ := strings.Cut(body, `"text":"`)
				text, after, _ := strings.Cut(text, `"`)
				return before + `"text":"` + strings.ToUpper(text) + `"` + after
			}
		}), "sse", Feed, []string{"a client received the text \"", "; want the text \"",
			`as it was sent ` + same}},
		{"bad JSON", events(t, func(s *eventServer) {
			s.change = func(string) string { return "{hello" }
		}), "sse", Feed, []string{`a client received "{hello"; want a JSON object`}},
		{"from", events(t, with("from", "server")), "sse", Feed,
			[]string{`the field from as "server"; want "lab", as it was sent ` + same}},
		{"no from", events(t, with("from", nil)), "sse", Feed,
			[]string{`the field from as missing; want`}},
		{"id 0", events(t, with("id", 0)), "sse", Feed,
			[]string{"the field id as 0; want a whole number of 1 or more " + same}},
		{"id in words", events(t, with("id", "7")), "sse", Feed,
			[]string{`the field id as "7"; want a whole number`}},
		{"at", events(t, with("at", "noon")), "sse", Feed,
			[]string{`the field at as "noon"; want a time of RFC 3339 ` + same}},
		{"refused POST", events(t, func(s *eventServer) {
			s.status = 403
		}), "sse", Feed,
			[]string{`POST /messages was answered with 403 Forbidden and the body "sorry"; want a status from 200 to 299 ` + table("sse")}},
		{"no POST", events(t, func(s *eventServer) {
			s.hold = true
		}), "sse", Feed,
			[]string{"POST /messages got no answer within 10s; want a status from 200 to 299"}},
		{"one client", events(t, func(s *eventServer) {
			s.only = func(_, at int) bool { return at == 0 }
		}), "sse", Feed, []string{"1 of 2 clients received the messages of their own within 10s"}},

		{"the wrong path", sockets(t, "/chat", echo), "websocket", Feed,
			[]string{"GET /ws was answered with 404 Not Found"}},
		{"to the sender only", sockets(t, "/ws", echo), "websocket", Feed,
			[]string{"a message reached its sender, and no other client within 10s; want each " +
				"message to all clients (docs/any-server.md, rule 2)"}},
		{"binary", sockets(t, "/ws", func(c *websocket.Conn, m []byte) error {
			return c.WriteMessage(websocket.BinaryMessage, m)
		}), "websocket", Feed,
			[]string{`a client received a binary frame: "{`,
				"; want a text frame " + table("websocket")}},
		{"wrapped", sockets(t, "/ws", func(c *websocket.Conn, m []byte) error {
			return c.WriteJSON(map[string]string{"message": string(m)})
		}), "websocket", Feed,
			[]string{`a client received "{\"message\":`, "want a JSON object such as"}},
		{"closes", sockets(t, "/ws", func(c *websocket.Conn, _ []byte) error {
			return c.WriteControl(websocket.CloseMessage,
				websocket.FormatCloseMessage(1003, "no text"), time.Now().Add(time.Second))
		}), "websocket", Feed, []string{"the server closed the WebSocket: ", "no text",
			"want a connection that stays open"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := runner.Run(t.Context(),
				measuring(small(c.workload), External{URL: c.url, As: c.as}), quiet)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.ErrorContains(t, err, c.url)
			assert.NotContains(t, err.Error(), "\n")
			assert.Nil(t, report)
		})
	}
}

// The servers above break the contract only in the tested way.
func TestAServerThatKeepsTheContractIsMeasured(t *testing.T) {
	for _, workload := range []string{Feed, Ack} {
		report, err := runner.Run(t.Context(),
			measuring(small(workload), External{URL: events(t, nil), As: "sse"}), quiet)
		require.NoError(t, err)
		require.NoError(t, report.Faults())
		assert.Positive(t, report.Results[0].Messages)
	}
}
