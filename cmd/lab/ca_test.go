package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// makeCA runs `lab ca` with a folder for configuration of the test's own, which later commands
// take, too.
func makeCA(t *testing.T) (file string, out string) {
	if runtime.GOOS != "linux" {
		t.Skip("the folder for configuration is chosen by XDG_CONFIG_HOME")
	}
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	text, err := exec.Command(binary, "ca", "--lang", "en").CombinedOutput()
	require.NoError(t, err, "%s", text)
	return filepath.Join(config, "realtimelab", "ca.pem"), string(text)
}

// with returns a client that trusts the CA and takes a proxy, if there is one.
func with(t *testing.T, ca, proxy string) *http.Client {
	data, err := os.ReadFile(ca)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(data))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true}
	if proxy != "" {
		at, err := url.Parse(proxy)
		require.NoError(t, err)
		transport.Proxy = http.ProxyURL(at)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func read(t *testing.T, c *http.Client, url string) (proto, body string) {
	resp, err := c.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.Proto, string(data)
}

func TestCA(t *testing.T) {
	file, out := makeCA(t)
	assert.Contains(t, out, "The lab has made a certificate authority")
	assert.Contains(t, out, file)
	for _, system := range []string{"Chromium", "Firefox", "Debian", "Fedora", "macOS", "Windows",
		"Android", "iPhone"} {
		assert.Regexp(t, `(?s)`+system+`[^\n]*\n  trust [^\n]+\n  remove `, out)
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(file), "ca-key.pem"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	fingerprint := regexp.MustCompile(`SHA-256 +(\S+)`)
	again, err := exec.Command(binary, "ca", "--lang", "zh").CombinedOutput()
	require.NoError(t, err)
	assert.NotContains(t, string(again), "生成了")
	assert.Contains(t, string(again), fingerprint.FindStringSubmatch(out)[1],
		"the same CA, in Chinese")

	urls, _ := startTLS(t, 1, "run", "sse", "--plain", "--addr", "127.0.0.1:0", "--ca")
	proto, body := read(t, with(t, file, ""), urls["sse"]+"/lab/info.json")
	assert.Equal(t, "HTTP/2.0", proto)
	assert.Contains(t, body, `"sse"`)

	removed, err := exec.Command(binary, "ca", "--remove", "--lang", "en").CombinedOutput()
	require.NoError(t, err)
	assert.Contains(t, string(removed), "is deleted")
	assert.NoFileExists(t, file)
}

func TestCAErrors(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, c := range []struct{ says, args string }{
		{"make it with lab ca", "run sse --plain --addr 127.0.0.1:0 --ca"},
		{"give one of the two", "run sse --plain --addr 127.0.0.1:0 --ca --cert a.pem --key b.pem"},
		{"there is no CA in", "ca --remove"},
		{"make it with lab ca", "tunnel --inspect --addr 127.0.0.1:0"},
		{"--no-upgrade needs --inspect", "tunnel --no-upgrade"},
		{"want a loopback address", "tunnel --addr 0.0.0.0:0"},
		{"want HOST:PORT", "tunnel --addr x"},
		{"lang", "ca --lang fr"},
	} {
		out, err := exec.Command(binary, strings.Fields(c.args)...).CombinedOutput()
		assert.Error(t, err, c.args)
		assert.Contains(t, string(out), c.says, c.args)
	}
}

// TestTunnel: the proxy logs the name and the port, and with --inspect the path.
func TestTunnel(t *testing.T) {
	file, _ := makeCA(t)
	urls, _ := startTLS(t, 1, "run", "sse", "--plain", "--addr", "127.0.0.1:0", "--ca")
	for _, inspect := range []bool{false, true} {
		args := []string{"tunnel", "--addr", "127.0.0.1:0"}
		if inspect {
			args = append(args, "--inspect")
		}
		c, stdout, stderr := begin(t, args...)
		eventually(t, stdout, func(text string) bool { return strings.HasSuffix(text, "\n") })
		client := with(t, file, urlIn(stdout.String(), "tunnel"))
		proto, body := read(t, client, urls["sse"]+"/lab/info.json")
		assert.Contains(t, body, `"sse"`)
		assert.Equal(t, inspect, proto == "HTTP/1.1",
			"HTTP/2 goes through a tunnel, and ends where TLS does")
		eventually(t, stderr, func(text string) bool {
			return strings.Contains(text, strings.TrimPrefix(urls["sse"], "https://"))
		})
		assert.Equal(t, inspect, strings.Contains(stderr.String(), "/lab/info.json"), "%s", stderr)
		client.CloseIdleConnections()
		require.NoError(t, c.Process.Signal(os.Interrupt))
		require.NoError(t, c.Wait())
	}
}

// TestXrayBelowTLS: in front of an https demo the x-ray shows records, and nothing of what is in
// them.
func TestXrayBelowTLS(t *testing.T) {
	file, _ := makeCA(t)
	urls, _ := startTLS(t, 1, "run", "sse", "--plain", "--addr", "127.0.0.1:0", "--ca")
	_, stdout, _ := begin(t, "xray", "--to", strings.Replace(urls["sse"], "https", "http", 1),
		"--addr", "127.0.0.1:0", "--plain")
	eventually(t, stdout, func(text string) bool { return strings.Count(text, "\n") >= 2 })
	_, body := read(t, with(t, file, ""),
		strings.Replace(urlIn(stdout.String(), "xray"), "http", "https", 1)+"/lab/info.json")
	assert.Contains(t, body, `"sse"`)
	eventually(t, stdout, func(text string) bool {
		return strings.Count(text, "\ttls\tapplication data") >= 4
	})
	assert.Contains(t, stdout.String(), "\ttls\tClientHello · offers h2, http/1.1\n")
	assert.NotContains(t, stdout.String(), "info.json")
	lines := bufio.NewScanner(strings.NewReader(stdout.String()))
	for lines.Scan() {
		assert.NotContains(t, lines.Text(), "\tbytes\t",
			fmt.Sprint("everything on the wire is a record: ", lines.Text()))
	}
}
