package compare

import (
	"context"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// own serves one of our demos as a user would, and returns it as a server to measure.
func own(t *testing.T, demo, as string) External {
	return ownOver(t, demo, as, (*httptest.Server).Start)
}

// ownOver is own on a server that start starts, over TLS if it is StartTLS.
func ownOver(t *testing.T, demo, as string, start func(*httptest.Server)) External {
	for _, l := range runner.Lessons {
		for _, d := range l.Demos {
			if d.Name != demo {
				continue
			}
			instance, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			s := httptest.NewUnstartedServer(instance.Handler)
			s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that a client refuses
			start(s)
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				_ = instance.Close(ctx)
				s.Close()
			})
			x := External{URL: s.URL, As: as}
			if s.TLS != nil {
				x.Roots = x509.NewCertPool()
				x.Roots.AddCert(s.Certificate())
			}
			return x
		}
	}
	t.Fatal("no demo " + demo)
	return External{}
}

func measuring(c Config, servers ...External) Config {
	c.Servers = servers
	for _, x := range servers {
		c.Transports = append(c.Transports, x.Name())
	}
	return c
}

// Our own servers keep the contract. What the relay counts of a WebSocket is its frames.
func TestAUsersServerIsMeasured(t *testing.T) {
	need.Time(t)
	servers := []External{own(t, "ws-chat", "websocket"), own(t, "sse", "sse"), own(t, "broadcast", "socketio"), own(t, "broadcast", "socketio-polling")}
	c := measuring(small(Feed, "websocket"), servers...)
	c.Cut, c.Runs = 100*time.Millisecond, 2 // the second run meets the messages of the first, which our servers keep
	require.NoError(t, c.Check(runner.Lessons))
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NoError(t, report.Faults())
	require.Len(t, report.Results, 5)
	for _, r := range report.Results[1:] {
		assert.Equal(t, report.Results[0].Messages, r.Messages, r.Transport)
		assert.InDelta(t, report.Results[0].Bytes.Payload, r.Bytes.Payload, 1e-9, r.Transport)
		assert.Zero(t, r.Recovery.Never, r.Transport)
		for _, key := range []string{cpuPerMessage, memoryPerClient, goroutinesPerClient, descriptorsPerClient} {
			assert.Equal(t, "–", figureOf(key).Text(r), "%s %s", r.Transport, key)
		}
	}
	assert.InDelta(t, report.Results[0].BytesPerMessage, report.Results[1].BytesPerMessage, 2, "the relay counts as the server's meter does; ids grow longer")
	assert.NotEqual(t, "–", figureOf(memoryPerClient).Text(report.Results[0]))

	d, err := NewDocument(Plan{Config: c}.Command(), []*Report{report})
	require.NoError(t, err)
	assert.Equal(t, servers, d.Parts[0].Config.Servers)
	assert.Contains(t, d.Command, " --to "+servers[0].URL+" --as websocket --to ")
	assert.Contains(t, d.Command, " --transports websocket --workload feed")
	require.NoError(t, validate(t, printed(t, d, "json", false)))
}

// The relay speaks TLS to the server, so it counts the bytes above TLS.
func TestAUsersServerOverTLS(t *testing.T) {
	need.Time(t)
	plain := own(t, "ws-chat", "websocket")
	servers := []External{ownOver(t, "ws-chat", "websocket", (*httptest.Server).StartTLS), ownOver(t, "sse", "sse", (*httptest.Server).StartTLS),
		ownOver(t, "broadcast", "socketio-polling", (*httptest.Server).StartTLS)}
	c := measuring(small(Feed), append(servers, plain)...)
	c.Cut = 100 * time.Millisecond // the probes after it come beside the relay, over TLS
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NoError(t, report.Faults())
	require.Len(t, report.Results, 4)
	for _, r := range report.Results {
		assert.Equal(t, report.Results[3].Messages, r.Messages, r.Transport)
		assert.Zero(t, r.Recovery.Never, r.Transport)
	}
	assert.InDelta(t, report.Results[3].BytesPerMessage, report.Results[0].BytesPerMessage, 2, "as without TLS")

	unknown := servers[0]
	unknown.Roots = nil // the system's
	_, err = runner.Run(t.Context(), measuring(small(Feed), unknown), quiet)
	assert.ErrorContains(t, err, "the certificate of "+unknown.URL+" is not trusted; ")
}

func TestAUsersServerOverANetwork(t *testing.T) {
	need.Time(t)
	c := measuring(small(Feed), own(t, "sse", "sse"))
	c.Net = netsim.Link{RTT: 60 * time.Millisecond}
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NoError(t, report.Faults())
	assert.GreaterOrEqual(t, report.Results[0].Latency.P50, 25.0)
}

// A server that does not keep the contract gets an error that says what is missing, in bounded time.
func TestAServerThatKeepsNoContractGetsAClearError(t *testing.T) {
	need.Time(t)
	serve := func(handler http.HandlerFunc) string {
		s := httptest.NewServer(handler)
		t.Cleanup(func() {
			s.CloseClientConnections()
			s.Close()
		})
		return s.URL
	}
	nothing := serve(http.NotFound)
	deaf := serve(func(w http.ResponseWriter, r *http.Request) { // takes messages, and sends none
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	gone := "http://" + l.Addr().String()
	require.NoError(t, l.Close())
	for _, c := range []struct{ name, url, as, workload, want string }{
		{"no WebSocket", nothing, "websocket", Feed, "404"},
		{"no events", nothing, "sse", Feed, "404"},
		{"no Socket.IO", nothing, "socketio", Feed, "does not keep the contract of --as socketio: "},
		{"another Socket.IO", own(t, "acks", "socketio").URL, "socketio", Feed, "no client heard a message of its own within 10s"},
		{"silence", deaf, "sse", Feed, "no client heard a message of its own within 10s"},
		{"no answer", own(t, "broadcast", "socketio").URL, "socketio", Ack, "a question got no answer within 10s"},
		{"nobody", gone, "sse", Feed, "start the server first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := runner.Run(t.Context(), measuring(small(c.workload), External{URL: c.url, As: c.as}), quiet)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, c.url)
			assert.Nil(t, report)
		})
	}
}

func TestServersAreChecked(t *testing.T) {
	for want, c := range map[string]Config{
		`no kind of server "ftp"; there are: sse, websocket, socketio-polling, socketio`: measuring(small(Feed), External{URL: "http://127.0.0.1:1", As: "ftp"}),
		"want http://HOST:PORT or https://HOST:PORT":                                     measuring(small(Feed), External{URL: "ftp://127.0.0.1:1", As: "sse"}),
		`"http://127.0.0.1:1/chat": want http://HOST:PORT`:                               measuring(small(Feed), External{URL: "http://127.0.0.1:1/chat", As: "sse"}),
		"is named twice":                       measuring(small(Feed), External{URL: "http://127.0.0.1:1", As: "sse"}, External{URL: "http://127.0.0.1:1/", As: "sse"}),
		"websocket@127.0.0.1:1 has no answers": measuring(small(Ack), External{URL: "http://127.0.0.1:1", As: "websocket"}),
		"process -4":                           measuring(small(Feed), External{URL: "http://127.0.0.1:1", As: "sse", PID: -4}),
	} {
		assert.ErrorContains(t, c.Check(runner.Lessons), want)
	}
	c := measuring(small(Feed), External{URL: "http://127.0.0.1:1", As: "sse"})
	c.TLS = true
	assert.ErrorContains(t, c.Check(runner.Lessons), "TLS is for the lab's own servers")
}

// A process that is named is measured by what the system says of it.
func TestTheProcessOfAServerIsMeasured(t *testing.T) {
	x := own(t, "ws-chat", "websocket")
	s, err := External{URL: x.URL, As: x.As, PID: int32(os.Getpid())}.start()
	require.NoError(t, err)
	defer s.close()
	u, err := s.settled()
	require.NoError(t, err)
	assert.Positive(t, u.memory)
	assert.Positive(t, u.descriptors)
	assert.Zero(t, u.Goroutines)
	assert.Equal(t, tick, s.cpuStep)
}
