package host_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/certificate"
	"realtimelab/internal/host"
	"realtimelab/internal/netsim"
)

// startTLS serves the demo over https. The client's configuration trusts it.
func startTLS(t *testing.T, c host.Config) (r *host.Running, url string, trust *tls.Config) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	made, err := certificate.Make()
	require.NoError(t, err)
	c.Demo, c.Listener, c.Web, c.Key, c.Log = demo, l, web, key, slog.New(slog.DiscardHandler)
	c.TLS = &tls.Config{Certificates: []tls.Certificate{made}}
	r, err = host.Start(c)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, r) })
	root, err := x509.ParseCertificate(made.Certificate[0])
	require.NoError(t, err)
	trust = &tls.Config{RootCAs: x509.NewCertPool()}
	trust.RootCAs.AddCert(root)
	return r, "https://" + l.Addr().String(), trust
}

// secureUser is a browser that trusts the server.
func secureUser(t *testing.T, url string, trust *tls.Config) user {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return user{t, &http.Client{Jar: jar, Transport: transport, Timeout: time.Minute}, url}
}

func TestTLSWithAndWithoutTapAndNetwork(t *testing.T) {
	for name, c := range map[string]host.Config{"tap": {}, "no tap": {NoTap: true},
		"network": {Net: netsim.Link{RTT: 20 * time.Millisecond}}} {
		_, url, trust := startTLS(t, c)
		u := secureUser(t, url, trust)
		for range 2 {
			res, err := u.Client.Get(url + "/hello")
			require.NoError(t, err, name)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			res.Body.Close()
			assert.Equal(t, "HTTP/2.0", res.Proto, name)
			assert.Equal(t, "pong", string(body))
		}
	}
}

// TestKeyOverTLS: the key's cookie is Secure, and differs from that of a server without TLS at the
// same port.
func TestKeyOverTLS(t *testing.T) {
	_, url, trust := startTLS(t, host.Config{})
	u := secureUser(t, url, trust)
	u.get("/")
	res, err := u.Post(url+"/lab/key", "text/plain", strings.NewReader(keyText(key)))
	require.NoError(t, err)
	res.Body.Close()
	require.Len(t, res.Cookies(), 1)
	assert.True(t, res.Cookies()[0].Secure)
	assert.True(t, strings.HasPrefix(res.Cookies()[0].Name, "lab-key-tls-"))

	dialer := websocket.Dialer{Jar: u.Jar, TLSClientConfig: trust.Clone()}
	for origin, status := range map[string]int{url: 101, "https://evil.example": 403} {
		conn, res, err := dialer.Dial("wss"+strings.TrimPrefix(url, "https")+"/lab/xray?everyone",
			http.Header{"Origin": {origin}})
		require.NotNil(t, res, err)
		assert.Equal(t, status, res.StatusCode)
		if err == nil {
			p := panel{t, conn}
			u.get("/seen")
			p.rows("GET /seen")
			conn.Close()
		}
	}
}

// TestLabFilesOverHTTP2: the x-ray hides the page's own files, although they are on the same
// connection, unless it was asked to show them.
func TestLabFilesOverHTTP2(t *testing.T) {
	for _, labFiles := range []bool{false, true} {
		r, url, trust := startTLS(t, host.Config{LabFiles: labFiles})
		u := secureUser(t, url, trust)
		u.get("/")
		u.get("/lab/shared/lab.js")
		u.get("/lab/info.json")
		u.get("/hello")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		rows, err := r.Xray().Rows(ctx)
		require.NoError(t, err)
		lab, conns := 0, map[uint64]bool{}
		for _, row := range rows {
			require.Nil(t, row.Problem, "%s", row.Summary.EN)
			conns[row.Conn] = true
			if row.Lab {
				lab++
			}
		}
		assert.Len(t, conns, 1)
		assert.Equal(t, labFiles, lab > 0)
		_, file := u.get("/lab/xray.har")
		assert.Contains(t, file, url+"/hello")
		assert.Contains(t, file, `"httpVersion":"HTTP/2"`)
		assert.Equal(t, labFiles, strings.Contains(file, "lab.js"))
		assert.NotContains(t, file, "/lab/xray.har")
		_, file = u.get("/lab/xray.jsonl")
		assert.Contains(t, file, "GET /hello")
		assert.NotContains(t, file, "GET /lab/xray")
	}
}
