// Package proxies tests the configurations of the lesson on proxies with the real nginx, HAProxy
// and Caddy. With the whole configuration, every transport works. Without one of its lines, the
// fault in this line's comment appears.
package proxies

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/certificate"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
	"realtimelab/web"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const folder = "../../../lessons/production/proxies/conf"

// A proxy is a real proxy with the lesson's configuration.
type proxy struct {
	name string
	file string

	// fill puts the test's address, certificate and folder into the configuration.
	fill func(dir string, port int) []edit

	command func(tool, dir, file string) *exec.Cmd
}

var nginx = proxy{
	name: "nginx", file: "nginx.conf",
	fill: func(dir string, port int) []edit {
		return []edit{
			with("listen 443 ", fmt.Sprintf("listen 127.0.0.1:%d ", port)),
			with("http {\n", "http {\n\taccess_log off;\n\tclient_body_temp_path "+dir+
				"/body;\n\tproxy_temp_path "+dir+"/proxy;\n"+
				"\tfastcgi_temp_path "+dir+"/fastcgi;\n\tuwsgi_temp_path "+dir+
				"/uwsgi;\n\tscgi_temp_path "+dir+"/scgi;\n"),
			with("/etc/lab", dir),
		}
	},
	command: func(tool, dir, file string) *exec.Cmd {
		return exec.Command(tool, "-e", "stderr", "-p", dir, "-c", file, "-g",
			"daemon off; master_process off; pid "+dir+"/nginx.pid;")
	},
}

var haproxy = proxy{
	name: "haproxy", file: "haproxy.cfg",
	fill: func(dir string, port int) []edit {
		return []edit{with("bind :443 ", fmt.Sprintf("bind 127.0.0.1:%d ", port)),
			with("/etc/lab", dir)}
	},
	command: func(tool, _, file string) *exec.Cmd { return exec.Command(tool, "-db", "-f", file) },
}

var caddy = proxy{
	name: "caddy", file: "Caddyfile",
	fill: func(dir string, port int) []edit {
		return []edit{
			with("\nlab.example.com {",
				fmt.Sprintf(
					"\n{\n\tadmin off\n\tauto_https disable_redirects\n\tservers {\n"+
						"\t\tprotocols h1 h2\n\t}\n}\n\n"+
						"https://127.0.0.1:%d, https://localhost:%d {\n\tbind 127.0.0.1",
					port, port)),
			with("/etc/lab", dir),
		}
	},
	command: func(tool, _, file string) *exec.Cmd {
		return exec.Command(tool, "run", "--config", file, "--adapter", "caddyfile")
	},
}

var all = []proxy{nginx, haproxy, caddy}

// An edit changes a configuration. It fails if the text to change is missing.
type edit func(text string) (string, error)

// with replaces a text.
func with(old, changed string) edit {
	return func(text string) (string, error) {
		if !strings.Contains(text, old) {
			return "", fmt.Errorf("no %q in\n%s", old, text)
		}
		return strings.ReplaceAll(text, old, changed), nil
	}
}

// without removes the lines that begin with a text.
func without(line string) edit {
	return func(text string) (string, error) {
		var left strings.Builder
		for l := range strings.Lines(text) {
			if !strings.HasPrefix(strings.TrimSpace(l), line) {
				left.WriteString(l)
			}
		}
		if left.Len() == len(text) {
			return "", fmt.Errorf("no line %q in\n%s", line, text)
		}
		return left.String(), nil
	}
}

// A front is a running proxy.
type front struct {
	url string
	tls *tls.Config // trusts the proxy's certificate
}

// start runs a proxy in front of two servers until the test ends.
func start(t *testing.T, p proxy, servers [2]string, edits ...edit) front {
	t.Helper()
	tool := need.Tool(t, p.name, "/usr/sbin/"+p.name)
	text, err := os.ReadFile(filepath.Join(folder, p.file))
	require.NoError(t, err)
	dir := t.TempDir()
	roots := writeCertificate(t, dir)
	edits = append([]edit{with("127.0.0.1:3001", servers[0]), with("127.0.0.1:3002", servers[1])},
		edits...)
	for range 5 { // another program may take the port first
		port := freePort(t)
		conf := string(text)
		for _, e := range append(edits, p.fill(dir, port)...) {
			conf, err = e(conf)
			require.NoError(t, err)
		}
		file := filepath.Join(dir, p.file)
		require.NoError(t, os.WriteFile(file, []byte(conf), 0o600))
		cmd := p.command(tool, dir, file)
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		if serves(t, cmd, port) {
			return front{fmt.Sprintf("https://127.0.0.1:%d", port), &tls.Config{RootCAs: roots}}
		}
	}
	require.FailNow(t, "no free port", p.name)
	return front{}
}

// serves runs a command until the test ends. It returns false if the port was not free.
func serves(t *testing.T, cmd *exec.Cmd, port int) bool {
	var log locked.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	stop := func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		select {
		case <-ended:
			if err == nil {
				c.Close()
			}
			require.Contains(t, strings.ToLower(log.String()), "in use", "%s ended", cmd)
			return false
		default:
		}
		if err == nil {
			c.Close()
			break
		}
		if time.Now().After(deadline) {
			stop()
			require.FailNow(t, "it does not listen", "%s: %s", cmd, log.String())
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s: %s", cmd, log.String())
		}
	})
	return true
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// writeCertificate writes the files that the configurations name.
func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	made, err := certificate.Make()
	require.NoError(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	require.NoError(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for name, data := range map[string][]byte{"cert.pem": certPEM, "key.pem": keyPEM,
		"cert-and-key.pem": append(certPEM, keyPEM...)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(certPEM))
	return roots
}

// demo serves a demo until the test ends.
func demo(t *testing.T, name string) (addr string, r *host.Running) {
	t.Helper()
	l, d, ok := lesson.FindDemo(lessons.All(), name)
	require.True(t, ok, name)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r, err = host.Start(host.Config{Lesson: l, Demo: d, Listener: listener, Web: web.Pages,
		Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	return listener.Addr().String(), r
}

// behind runs a proxy in front of one demo.
func behind(t *testing.T, p proxy, name string, edits ...edit) (f front, direct string) {
	t.Helper()
	addr, _ := demo(t, name)
	return start(t, p, [2]string{addr, addr}, edits...), "http://" + addr
}

// client returns a browser's client: HTTP/2 if the proxy speaks it, and cookies of its own.
func (f front) client(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: f.tls.Clone(), ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport}
}

// from returns a client without cookies whose connections come from a loopback address.
func (f front) from(t *testing.T, address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{TLSClientConfig: f.tls.Clone(), ForceAttemptHTTP2: true,
		DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// get returns the status and the body of an answer.
func get(t *testing.T, c *http.Client, url string) (status int, body string) {
	t.Helper()
	resp, err := c.Do(request(t, http.MethodGet, url, ""))
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(data)
}

// request returns a request that ends after a minute, or with the test.
func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	require.NoError(t, err)
	return r
}
