package connect

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/connect/command"
)

func TestEventStream(t *testing.T) {
	for in, want := range map[string][]streamEvent{
		"data: a\n\n":                        {{"message", "a", ""}},
		"data:a\r\ndata\r\ndata:  b\r\n\r\n": {{"message", "a\n\n b", ""}},
		"data:a\r\rdata:b\r\r": {{"message", "a", ""},
			{"message", "b", ""}},
		"\ufeffevent: x\nid: 7\ndata: 1\n\ndata: 2\n\n": {{"x", "1", "7"}, {"message", "2", "7"}},
		"id: 1\ndata: a\nid\n\n":                        {{"message", "a", ""}},
		"id: a\x00b\ndata: x\n\n":                       {{"message", "x", ""}},
		"id: 5\n\nevent: lost\n\ndata: x\n\n":           {{"message", "x", "5"}},
		": comment\nnope: 1\ndata: x\n\n":               {{"message", "x", ""}},
		"data\n\n":                                      {{"message", "", ""}},
		"data: \xff\n\n":                                {{"message", "\uFFFD", ""}},
		"data: incomplete\n":                            nil,
		"":                                              nil,
	} {
		for name, reader := range map[string]io.Reader{"whole": strings.NewReader(in),
			"one byte at a time": iotest.OneByteReader(strings.NewReader(in))} {
			s := &eventStream{in: reader, comment: func(string) {}}
			var got []streamEvent
			e, err := s.next()
			for ; err == nil; e, err = s.next() {
				got = append(got, e)
			}
			assert.Equal(t, want, got, "%q %s", in, name)
			assert.Equal(t, io.EOF, err)
		}
	}
	s := &eventStream{in: strings.NewReader("retry: 250\nretry: x\n:  hm\n\n"),
		comment: func(text string) {
			assert.Equal(t, " hm", text)
		}}
	_, err := s.next()
	assert.Equal(t, io.EOF, err)
	assert.Equal(t, 250*time.Millisecond, s.retry)

	endless := &eventStream{in: io.MultiReader(strings.NewReader("data: "), zeros{}),
		comment: func(string) {}}
	_, err = endless.next()
	assert.Equal(t, errLongEvent, err)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func FuzzEventStream(f *testing.F) {
	f.Add([]byte("id: 1\r\nevent: x\rdata: a\ndata: b\n\n"))
	f.Add([]byte("\ufeffretry: 1\n\n:\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := &eventStream{in: strings.NewReader(string(in)), comment: func(string) {}}
		slow := &eventStream{in: iotest.OneByteReader(strings.NewReader(string(in))),
			comment: func(string) {}}
		for {
			e, err := s.next()
			again, other := slow.next()
			require.Equal(t, e, again, "the pieces in which the bytes come do not matter")
			require.Equal(t, err, other)
			if err != nil {
				return
			}
			require.NotContains(t, e.id, "\n")
		}
	})
}

// serveEvents serves a stream that ends after each three events, resumes after Last-Event-ID, and
// refuses after 9.
func serveEvents(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := 0
		fmt.Sscan(r.Header.Get("Last-Event-ID"), &from)
		if r.URL.Path != "/events" || from >= 9 {
			http.Error(w, "no more", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ": hello\nretry: 1\n\n")
		for id := from + 1; id <= from+3; id++ {
			fmt.Fprintf(w, "id: %d\nevent: tick\ndata: {\"n\":%d}\n\n", id, id)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestEventsAreResumed(t *testing.T) {
	server := serveEvents(t)
	s := dial(t, Config{URL: server.URL + "/events"})
	assert.Equal(t, command.SSE, s.Protocol(), "guessed")
	run(t, s, `
		expect comment "hello"
		expect tick {"n":1}
		expect tick {"n":2}
		expect tick {"n":3}
		expect close
		expect open "3"
		expect tick {"n":4}
		wait tick {"n":9}
		wait error
	`)
	assert.Contains(t, fails(t, s, TimedOut, "wait tick 10ms"), "did not come")
	run(t, s, "last 5\nexpect open \"5\"\nexpect tick {\"n\":6}\ndisconnect\nlast\nwait last")

	once := dial(t, Config{URL: server.URL + "/events", LastID: "6", NoReconnect: true})
	assert.Contains(t, fails(t, once, Disconnected, "expect tick {\"n\":7}\nwait other"),
		"the server ended the stream")
}
