package compare

import (
	"bufio"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
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

// Our own servers keep the contract. Of a WebSocket, the relay counts the frames.
func TestAUsersServerIsMeasured(t *testing.T) {
	need.Time(t)
	servers := []External{own(t, "ws-chat", "websocket"), own(t, "sse", "sse"),
		own(t, "broadcast", "socketio"), own(t, "broadcast", "socketio-polling")}
	c := measuring(small(Feed, "websocket"), servers...)
	// the second run meets the messages of the first, which our servers keep
	c.Cut, c.Runs = 100*time.Millisecond, 2
	require.NoError(t, c.Check(runner.Lessons))
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NoError(t, report.Faults())
	require.Len(t, report.Results, 5)
	for _, r := range report.Results[1:] {
		assert.Equal(t, report.Results[0].Messages, r.Messages, r.Transport)
		assert.InDelta(t, report.Results[0].Bytes.Payload, r.Bytes.Payload, 1e-9, r.Transport)
		assert.Zero(t, r.Recovery.Never, r.Transport)
		for _, key := range []string{cpuPerMessage, memoryPerClient, goroutinesPerClient,
			descriptorsPerClient} {
			assert.Equal(t, "–", figureOf(key).Text(r), "%s %s", r.Transport, key)
		}
	}
	assert.InDelta(t, report.Results[0].BytesPerMessage, report.Results[1].BytesPerMessage, 2,
		"the relay counts as the server's meter does; ids grow longer")
	assert.NotEqual(t, "–", figureOf(goroutinesPerClient).Text(report.Results[0]))

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
	servers := []External{ownOver(t, "ws-chat", "websocket", (*httptest.Server).StartTLS),
		ownOver(t, "sse", "sse", (*httptest.Server).StartTLS),
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
	assert.InDelta(t, report.Results[3].BytesPerMessage, report.Results[0].BytesPerMessage, 2,
		"as without TLS")

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

func TestServersAreChecked(t *testing.T) {
	for want, c := range map[string]Config{
		`no kind of server "ftp"; there are: sse, websocket, socketio-polling, socketio`: measuring(
			small(Feed), External{URL: "http://127.0.0.1:1", As: "ftp"}),
		"want http://HOST:PORT or https://HOST:PORT": measuring(
			small(Feed), External{URL: "ftp://127.0.0.1:1", As: "sse"}),
		`"http://127.0.0.1:1/chat": want http://HOST:PORT`: measuring(
			small(Feed), External{URL: "http://127.0.0.1:1/chat", As: "sse"}),
		"is named twice": measuring(small(Feed),
			External{URL: "http://127.0.0.1:1", As: "sse"},
			External{URL: "http://127.0.0.1:1/", As: "sse"}),
		"websocket@127.0.0.1:1 has no answers": measuring(small(Ack),
			External{URL: "http://127.0.0.1:1", As: "websocket"}),
		"process -4": measuring(small(Feed),
			External{URL: "http://127.0.0.1:1", As: "sse", PID: -4}),
	} {
		assert.ErrorContains(t, c.Check(runner.Lessons), want)
	}
	c := measuring(small(Feed), External{URL: "http://127.0.0.1:1", As: "sse"})
	c.TLS = true
	assert.ErrorContains(t, c.Check(runner.Lessons), "TLS is for the lab's own servers")
}

// The process of --pid must be the server's.
func TestTheProcessMustListenAtTheServersPort(t *testing.T) {
	x := own(t, "ws-chat", "websocket")
	x.PID = int32(os.Getpid())
	told, err := x.knownProcess(t.Context())
	require.NoError(t, err)
	assert.Equal(t, runtime.GOOS == "linux", told)
	if !told {
		t.Skip("this system does not say which process listens")
	}
	other := exec.Command("sleep", "60")
	require.NoError(t, other.Start())
	end := sync.OnceFunc(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	t.Cleanup(end)
	x.PID = int32(other.Process.Pid)
	_, err = runner.Run(t.Context(), measuring(small(Feed), x), quiet)
	assert.ErrorContains(t, err, fmt.Sprintf("--pid %d: this process does not listen on port ",
		x.PID))
	assert.ErrorContains(t, err, fmt.Sprintf("; process %d (compare.test) does", os.Getpid()))
	end()
	_, err = runner.Run(t.Context(), measuring(small(Feed), x), quiet)
	assert.ErrorContains(t, err, fmt.Sprintf("--pid %d: this process does not exist", x.PID))
	x.PID, x.URL = int32(os.Getpid()), "http://192.0.2.1:80"
	_, err = x.knownProcess(t.Context())
	assert.ErrorContains(t, err, "but 192.0.2.1 is another one")
}

// A measurement ends when its server has ended, and the error says so.
func TestAServerThatEndsGetsAClearError(t *testing.T) {
	need.Time(t)
	for name, pid := range map[string]bool{"its process is known": true, "only its port": false} {
		t.Run(name, func(t *testing.T) {
			s := exec.Command(os.Args[0])
			s.Env = append(os.Environ(), serveDemo+"=ws-chat", "GORACE=atexit_sleep_ms=0")
			out, err := s.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, s.Start())
			t.Cleanup(func() { _ = s.Process.Kill(); _ = s.Wait() })
			url, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			x := External{URL: strings.TrimSpace(url), As: "websocket"}
			want := "the server at " + x.URL + " no longer accepts connections"
			if pid {
				x.PID = int32(s.Process.Pid)
				want = fmt.Sprintf(
					"the server ended while it was measured: process %d no longer exists",
					x.PID)
			}
			c := measuring(small(Feed), x)
			c.Duration = 2 * time.Second
			killed := false
			_, err = runner.Run(t.Context(), c, func(p Progress) {
				if p.Live != nil && !killed {
					killed = true
					_ = s.Process.Kill()
				}
			})
			require.True(t, killed)
			assert.ErrorContains(t, err, want)
		})
	}
}

// With --pid, the system's figures of the process are measured.
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
