package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/relay"
)

// relayTo puts a relay in front of a server as `lab xray` does, and returns its address.
func relayTo(t *testing.T, server string, config *tls.Config) string {
	to, err := parseTarget(server, false)
	require.NoError(t, err)
	to.tls = config
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := relay.Start(relay.Config{Listener: l, Dial: to.connect,
		Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return l.Addr().String()
}

func TestXrayOfATLSServer(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		io.WriteString(w, r.Proto+" "+r.Host)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the refused certificate below
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	at := relayTo(t, server.URL, &tls.Config{RootCAs: roots})
	assert.Equal(t, "HTTP/1.1 "+at, getStatus(t, at, http.StatusOK))

	unknown := relayTo(t, server.URL, nil) // its certificate is signed by an unknown authority
	assert.Contains(t, getStatus(t, unknown, http.StatusBadGateway), "certificate")
}

func getStatus(t *testing.T, at string, status int) string {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 20 * time.Second}
	res, err := client.Get("http://" + at)
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, status, res.StatusCode)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}

func TestXrayWithoutAServer(t *testing.T) {
	assert.Contains(t, getStatus(t, relayTo(t, "http://127.0.0.1:1", nil), http.StatusBadGateway),
		"cannot reach http://127.0.0.1:1")
}

func TestParseTarget(t *testing.T) {
	for _, good := range []string{"http://a", "ws://a:1", "https://a/x", "wss://[::1]:8"} {
		_, err := parseTarget(good, false)
		assert.NoError(t, err, good)
	}
	for _, bad := range []string{"", "a", "a:80", "ftp://a", "http://", "http://%zz", "http:a"} {
		_, err := parseTarget(bad, false)
		assert.Error(t, err, bad)
		assert.NotContains(t, err.Error(), "\n")
	}
}

func TestTheTargetIsChecked(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of the refused certificate
	secure.StartTLS()
	defer secure.Close()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody.Close()
	host := plain.Listener.Addr().String()
	for _, tc := range []struct{ to, note, err string }{
		{plain.URL, "", ""},
		{"https://" + host + "/a", "",
			host + " does not speak TLS; did you mean http://" + host + "/a?"},
		{"wss://" + host, "", "did you mean ws://" + host + "?"},
		{secure.URL, "", "trust its CA, or use lab xray --insecure"},
		{"http://" + nobody.Addr().String(), "does not answer yet", ""},
		{"http://nobody.invalid", "", `cannot find the host "nobody.invalid"`},
	} {
		to, err := parseTarget(tc.to, false)
		require.NoError(t, err)
		note, err := to.check(t.Context())
		if tc.err == "" {
			require.NoError(t, err, tc.to)
		} else {
			require.ErrorContains(t, err, tc.err)
		}
		assert.Contains(t, note.EN, tc.note)
		assert.Equal(t, tc.note == "", note.EN == "", tc.to)
	}
	to, err := parseTarget(secure.URL, true)
	require.NoError(t, err)
	_, err = to.check(t.Context())
	require.NoError(t, err)
}

func TestTargetHints(t *testing.T) {
	for text, says := range map[string]string{
		"127.0.0.1:3000":   "did you mean http://127.0.0.1:3000?",
		"example.org/chat": "did you mean http://example.org/chat?",
		"http://a:0":       "the port 0 is not between 1 and 65535",
		"http://a:99999":   "the port 99999 is not between 1 and 65535",
	} {
		_, err := parseTarget(text, false)
		require.ErrorContains(t, err, says)
	}
	to, err := parseTarget("http://a/b/c/", false)
	require.NoError(t, err)
	assert.Equal(t, "/b/c", to.prefix())
}
