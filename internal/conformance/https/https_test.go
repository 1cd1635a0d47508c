// Package https tests demos over TLS and HTTP/2 with curl, Node's HTTP/2 client, ws and the
// official Socket.IO client.
package https

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/certificate"
	"realtimelab/internal/conformance/node"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/pcapng"
	"realtimelab/lessons"
	"realtimelab/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves a demo over TLS until the test ends. The certificate is in the PEM file.
func serve(t *testing.T, name string) (url, certFile string, r *host.Running) {
	l, d, ok := lesson.FindDemo(lessons.All(), name)
	require.True(t, ok)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	made, err := certificate.Make()
	require.NoError(t, err)
	certFile = filepath.Join(t.TempDir(), "cert.pem")
	require.NoError(t, os.WriteFile(certFile,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]}), 0o600))
	r, err = host.Start(host.Config{
		Lesson: l, Demo: d, Listener: listener,
		TLS: &tls.Config{Certificates: []tls.Certificate{made}}, Web: web.Pages,
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	return "https://" + listener.Addr().String(), certFile, r
}

// curl returns what curl prints.
func curl(t *testing.T, args ...string) (string, error) {
	out, err := exec.Command(need.Tool(t, "curl"),
		append([]string{"-sS", "--max-time", "60"}, args...)...).CombinedOutput()
	return string(out), err
}

func TestCurl(t *testing.T) {
	url, certFile, r := serve(t, "long-polling")
	for _, trust := range [][]string{{"-k"}, {"--cacert", certFile}} {
		for flag, version := range map[string]string{"--http2": "2", "--http1.1": "1.1",
			"--tls-max=1.2": "2"} {
			args := append(strings.Split(flag, "="), trust...)
			out, err := curl(t, append(args, "-o", os.DevNull, "-w", "%{http_version} %{http_code}",
				url+"/messages?after=0&wait=1s")...)
			require.NoError(t, err, out)
			assert.Equal(t, version+" 200", out, args)
		}
	}
	out, err := curl(t, url+"/messages")
	require.Error(t, err)
	assert.Contains(t, out, "certificate")
	out, err = curl(t, "--cacert", certFile,
		strings.Replace(url, "127.0.0.1", "localhost", 1)+"/lab/info.json")
	require.NoError(t, err, out)
	assert.Contains(t, out, `"long-polling"`)

	held := make(chan string, 1)
	go func() {
		out, _ := curl(t, "-k", "--http2", url+"/messages?after=0&wait=60s")
		held <- out
	}()
	require.Eventually(t, func() bool { return r.Clients() == 1 }, time.Minute, time.Millisecond)
	posted, err := curl(t, "-k", "--http2", "-H", "Content-Type: application/json", "-d",
		`{"from":"ann","text":"你好"}`, url+"/messages")
	require.NoError(t, err, posted)
	assert.JSONEq(t, "["+posted+"]", <-held)

	rows, err := r.Xray().Rows(t.Context())
	require.NoError(t, err)
	posts := 0
	for _, row := range rows {
		assert.Nil(t, row.Problem, "%s", row.Summary.EN)
		if row.Layer == xray.Body && row.Dir == tap.In && row.Stream == 1 {
			posts++
			assert.Equal(t, `{"from":"ann","text":"你好"}`, string(row.Data))
		}
	}
	assert.Equal(t, 1, posts)
	assert.Equal(t, "/messages\n",
		wireshark(t, r, url, `http2.headers.method == "POST"`, "http2.headers.path"))
	assert.Equal(t, "application/json; charset=utf-8\n",
		wireshark(t, r, url, `http2.headers.status == 201`, "http2.headers.content_type"))
}

// wireshark returns a field of the frames of HTTP/2 that pass the filter, as tshark reads them in
// the demo's capture.
func wireshark(t *testing.T, r *host.Running, url, filter, field string) string {
	file, err := os.Create(filepath.Join(t.TempDir(), "xray.pcapng"))
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, pcapng.Write(file, r.Xray().Tap(), nil))
	port := url[strings.LastIndex(url, ":")+1:]
	c := exec.Command(need.Tool(t, "tshark"), "-r", file.Name(), "-d", "tcp.port=="+port+",http2",
		"-Y", filter, "-T", "fields", "-e", field)
	out, err := c.Output()
	require.NoError(t, err)
	return string(out)
}

func TestNode(t *testing.T) {
	dir := node.Dir(t)
	echo, _, _ := serve(t, "ws-echo")
	broadcast, _, b := serve(t, "broadcast")
	sse, _, s := serve(t, "sse")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "https-client.mjs", echo, broadcast, sse)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, 6, strings.Count(string(out), "ok "), "%s", out)

	for _, r := range []*host.Running{b, s} {
		rows, err := r.Xray().Rows(ctx)
		require.NoError(t, err)
		events := 0
		for _, row := range rows {
			assert.True(t, row.Problem == nil || row.Kind == "" && row.Layer == xray.Bytes, "%s",
				row.Line("en"))
			if row.Stream > 0 && (row.Layer == xray.Event || row.Layer == xray.SSE) {
				events++
			}
		}
		assert.Positive(t, events, "what HTTP/2 carried is read to the top")
	}
}
