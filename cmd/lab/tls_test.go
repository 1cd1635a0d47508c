package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
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

	"realtimelab/internal/certificate"
	"realtimelab/internal/labtest/locked"
	"realtimelab/lessons"
)

// startTLS runs the command until the test ends, and returns its lines on stdout and its log so
// far.
func startTLS(t *testing.T, lines int, args ...string) (urls map[string]string,
	log *locked.Buffer) {
	c := exec.Command(binary, args...)
	log = &locked.Buffer{}
	var out locked.Buffer
	c.Stdout, c.Stderr = &out, log
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		assert.NoError(t, c.Process.Signal(os.Interrupt))
		assert.NoError(t, c.Wait())
		assert.Equal(t, lines, strings.Count(out.String(), "\n"), "nothing else on stdout")
	})
	require.Eventually(t, func() bool {
		return strings.Count(out.String(), "\n") == lines
	}, time.Minute, time.Millisecond, "%v", log)
	urls = map[string]string{}
	for line := range strings.Lines(out.String()) {
		name, url, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		require.True(t, strings.HasPrefix(url, "https://"), line)
		urls[name] = url
	}
	return urls, log
}

// served returns the certificate that a server shows.
func served(t *testing.T, url string) *x509.Certificate {
	conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"),
		&tls.Config{InsecureSkipVerify: true})
	require.NoError(t, err)
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

// trusting returns a client that trusts one certificate.
func trusting(t *testing.T, c *x509.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(c)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func getOver(t *testing.T, c *http.Client, url string) (proto, body string) {
	res, err := c.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, 200, res.StatusCode)
	return res.Proto, string(text)
}

func TestRunOverTLS(t *testing.T) {
	urls, log := startTLS(t, 2, "run", "short-polling", "compare", "--tls", "--plain", "--addr",
		":0", "--net", "4g", "--allow-host", "lab.example")
	c := served(t, urls["short-polling"])
	assert.True(t, c.Equal(served(t, urls["compare"])),
		"one certificate for all demos of a process")
	assert.Contains(t, log.String(),
		certificate.Fingerprint(tls.Certificate{Certificate: [][]byte{c.Raw}}))
	assert.NoError(t, c.VerifyHostname("lab.example"))
	addrs, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range addrs {
		assert.NoError(t, c.VerifyHostname(a.(*net.IPNet).IP.String()),
			"the lab listens on all addresses")
	}
	client := trusting(t, c)
	proto, page := getOver(t, client, urls["short-polling"]+"/")
	assert.Equal(t, "HTTP/2.0", proto)
	assert.Contains(t, page, `href="`+urls["compare"]+"/", "the other demo of the lab")
	_, demos := getOver(t, client, urls["compare"]+"/lab/demos.json")
	assert.Contains(t, demos, urls["short-polling"])
}

func TestServeOverTLS(t *testing.T) {
	made, err := certificate.Make()
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	der, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]}), 0o600))
	require.NoError(t, os.WriteFile(keyFile,
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	demos := 1
	for _, l := range lessons.All() {
		demos += len(l.Demos)
	}
	urls, log := startTLS(t, demos, "serve", "--plain", "--addr", "127.0.0.1:0", "--no-tap",
		"--cert", certFile, "--key", keyFile)
	c := served(t, urls["serve"])
	assert.Equal(t, made.Certificate[0], c.Raw)
	require.Eventually(t, func() bool {
		return strings.Contains(log.String(), "#key=")
	}, time.Minute, time.Millisecond)
	assert.Contains(t, log.String(), certificate.Fingerprint(made))
	client := trusting(t, c)
	_, page := getOver(t, client, urls["serve"]+"/")
	assert.Contains(t, page, urls["ws-chat"]+"/")
	assert.NotContains(t, page, "http://127.0.0.1")
	for name, url := range urls {
		proto, _ := getOver(t, client, url+"/")
		assert.Equal(t, "HTTP/2.0", proto, name)
	}
}

func TestUnusableCertificates(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.pem")
	require.NoError(t, os.WriteFile(text, []byte("hello"), 0o600))
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"--cert", text}, "--cert needs --key"},
		{[]string{"--tls", "--key", text}, "--key needs --cert"},
		{[]string{"--cert", text, "--key", text}, "failed to find any PEM data"},
		{[]string{"--cert", filepath.Join(dir, "none.pem"), "--key", text}, "none.pem"},
		{[]string{"--tls", "--allow-host", "bü.example"},
			"cannot make a certificate for 127.0.0.1, bü.example"},
	} {
		for _, command := range [][]string{{"run", "sse"}, {"serve"}} {
			var out bytes.Buffer
			c := exec.Command(binary, append(append(command, "--plain", "--addr", "127.0.0.1:0"),
				test.args...)...)
			c.Stdout = &out
			c.Stderr = &out
			assert.Error(t, c.Run(), test.args)
			assert.Contains(t, out.String(), test.says)
			assert.NotContains(t, out.String(), "://", "nothing listens")
		}
	}
}
