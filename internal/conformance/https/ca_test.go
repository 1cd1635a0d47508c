package https

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"realtimelab/internal/certificate"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
	"realtimelab/web"
)

// serveByCA serves a demo with a certificate of a new CA, whose files are in the folder.
func serveByCA(t *testing.T, name string) (port, dir string) {
	l, d, ok := lesson.FindDemo(lessons.All(), name)
	require.True(t, ok)
	a, err := certificate.NewAuthority()
	require.NoError(t, err)
	dir = filepath.Join(t.TempDir(), "ca")
	require.NoError(t, a.Save(dir))
	leaf, err := a.Issue()
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r, err := host.Start(host.Config{
		Lesson: l, Demo: d, Listener: listener,
		TLS: &tls.Config{Certificates: []tls.Certificate{leaf}}, Web: web.Pages,
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	_, port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port, dir
}

// TestClientsThatTrustTheCA: curl and Node accept the lab's certificate with its CA, and refuse it
// without.
func TestClientsThatTrustTheCA(t *testing.T) {
	port, dir := serveByCA(t, "sse")
	file := filepath.Join(dir, certificate.AuthorityFile)
	for _, name := range []string{"localhost", "127.0.0.1"} {
		url := "https://" + name + ":" + port + "/lab/info.json"
		out, err := curl(t, "--cacert", file, "-o", os.DevNull, "-w", "%{http_code}", url)
		require.NoError(t, err, out)
		assert.Equal(t, "200", out)
		_, err = curl(t, url)
		assert.Error(t, err)

		script := "fetch(process.argv[1]).then((r) => console.log(r.status), " +
			"(e) => console.log(e.cause.code))"
		for trust, want := range map[string]string{file: "200\n",
			"": "UNABLE_TO_VERIFY_LEAF_SIGNATURE\n"} {
			node := exec.CommandContext(t.Context(), need.Tool(t, "node"), "-e", script, url)
			node.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+trust)
			out, err := node.Output()
			require.NoError(t, err)
			assert.Equal(t, want, string(out))
		}
	}
}

// TestChromiumTrustsTheCA: with the commands that lab ca prints for Chromium it opens the page;
// with their reverse it refuses again.
func TestChromiumTrustsTheCA(t *testing.T) {
	chromium := need.Tool(t, need.Chromium...)
	certutil := need.Tool(t, "certutil")
	port, dir := serveByCA(t, "sse")
	home := t.TempDir()
	store := "sql:" + filepath.Join(home, ".pki", "nssdb")
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".pki", "nssdb"), 0o700))
	run := func(args ...string) {
		out, err := exec.CommandContext(t.Context(), certutil, args...).CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
	}
	opens := func() string {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		c := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu",
			"--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync",
			"--user-data-dir="+filepath.Join(home, "profile"),
			"--dump-dom", "https://localhost:"+port+"/lab/info.json")
		c.Env = append(os.Environ(), "HOME="+home)
		out, err := c.Output()
		require.NoError(t, err)
		return string(out)
	}
	run("-d", store, "-N", "--empty-password")
	assert.NotContains(t, opens(), `"demo":"sse"`)
	run("-d", store, "-A", "-t", "C,,", "-n", "real-time-lab", "-i",
		filepath.Join(dir, certificate.AuthorityFile))
	assert.Contains(t, opens(), `"demo":"sse"`)
	run("-d", store, "-D", "-n", "real-time-lab")
	assert.NotContains(t, opens(), `"demo":"sse"`)
}

// TestNoWebSocketOverHTTP2: the lesson's statement about net/http. Its server does not announce
// extended CONNECT (RFC 8441 §3), so a browser opens a WebSocket with HTTP/1.1.
func TestNoWebSocketOverHTTP2(t *testing.T) {
	if strings.Contains(os.Getenv("GODEBUG"), "http2xconnect") {
		t.Skip("GODEBUG changes what is tested")
	}
	url, _, _ := serve(t, "ws-echo")
	conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"),
		&tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	require.NoError(t, err)
	defer conn.Close()
	require.Equal(t, "h2", conn.ConnectionState().NegotiatedProtocol)
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = conn.Write([]byte(http2.ClientPreface))
	require.NoError(t, err)
	framer := http2.NewFramer(conn, conn)
	require.NoError(t, framer.WriteSettings())
	frame, err := framer.ReadFrame()
	require.NoError(t, err)
	settings, ok := frame.(*http2.SettingsFrame)
	require.True(t, ok, "%T", frame)
	value, announced := settings.Value(http2.SettingEnableConnectProtocol)
	assert.False(t, announced && value == 1)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/ws", nil)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(request)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusUpgradeRequired, resp.StatusCode)
	assert.Equal(t, 2, resp.ProtoMajor)
	assert.Contains(t, body(t, "en"),
		"`net/http` announces support only if the program runs with `GODEBUG=http2xconnect=1`")
}

// TestRecordSizes: the lesson's sizes of a message.
func TestRecordSizes(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	made, err := certificate.Make()
	require.NoError(t, err)
	var sizes []int
	secured := tls.Client(sized{client, &sizes},
		&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13})
	heard := make(chan error, 1)
	go func() {
		_, err := tls.Server(server, &tls.Config{Certificates: []tls.Certificate{made}}).
			Read(make([]byte, 100))
		heard <- err
	}()
	go func() { _ = client.SetDeadline(time.Now().Add(time.Minute)) }()
	_, err = secured.Write(make([]byte, 2+4+len("hello"))) // a masked frame
	require.NoError(t, err)
	require.NoError(t, <-heard)
	assert.Equal(t, 33, sizes[len(sizes)-1])
	assert.Contains(t, body(t, "en"), "a frame of 11 bytes, and a record of 33")
	assert.Contains(t, body(t, "zh"), "变成帧是 11 字节，变成记录是 33 字节")
}

// sized notes the size of each write.
type sized struct {
	net.Conn
	sizes *[]int
}

func (s sized) Write(p []byte) (int, error) {
	*s.sizes = append(*s.sizes, len(p))
	return s.Conn.Write(p)
}

// body returns the lesson's text.
func body(t *testing.T, language string) string {
	for _, l := range lessons.All() {
		if l.Name == "production-tls" {
			if language == "zh" {
				return l.Body.ZH
			}
			return l.Body.EN
		}
	}
	require.Fail(t, "no lesson production-tls")
	return ""
}
