// Package admin compares the server side of the Admin UI with the official one, and tests it with
// the official page in Chromium.
package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sio/admin"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// needed returns the folder of the tests for Node, in which the official Admin UI is installed.
func needed(t *testing.T) string {
	t.Helper()
	dir := node.Dir(t)
	require.DirExists(t, filepath.Join(dir, "node_modules", "@socket.io", "admin-ui"),
		"node_modules is older than package-lock.json: run npm ci in %s", dir)
	return dir
}

func hash(t *testing.T) string {
	t.Helper()
	made, err := bcrypt.GenerateFromPassword([]byte("changeit"), bcrypt.MinCost)
	require.NoError(t, err)
	return string(made)
}

// start serves the same as admin-server.mjs, and pages beside it.
func start(t *testing.T, config admin.Config, pages http.Handler) (*sio.Server, string) {
	t.Helper()
	return startWith(t, config, sio.Config{}, pages)
}

func startWith(t *testing.T, config admin.Config, base sio.Config, pages http.Handler) (*sio.Server,
	string) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	config.Auth, config.ServerID, config.Log = &admin.BasicAuth{Username: "admin",
		PasswordHash: hash(t)}, "one", log
	base.Log = log
	io := sio.NewServer(base)
	ui, err := admin.Instrument(io, config)
	require.NoError(t, err)
	use := func(s *sio.Socket) error { s.Join("early"); return nil }
	handle := func(s *sio.Socket) {
		n := s.Namespace()
		s.Join("hall")
		s.On("data", func(value any, ack sio.Ack) { s.Set("value", value); ack() })
		s.On("echo", func(args sio.Args) { s.Emit("echoed", args) })
		s.On("all", func(args sio.Args) { n.Emit("to all", args) })
		s.On("ask", func(ack sio.Ack) error {
			answer, err := sio.Ask[int](s.Context(), s, "question", 1)
			ack(answer)
			return err
		})
		s.On("ask all", func(ack sio.Ack) error {
			answers, err := sio.AskAll[int](s.Context(), n.To("hall"), "question", 2)
			ack(answers)
			return err
		})
		s.On("leave", func() { s.Leave("hall") })
		s.On("bye", func() { s.Disconnect(false) })
	}
	dynamic := io.OfRegexp(regexp.MustCompile(`^/dyn-\d+$`))
	io.Use(use)
	io.OnConnection(handle)
	dynamic.Use(use)
	dynamic.OnConnection(handle)

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	if pages != nil {
		mux.Handle("/", pages)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		ui.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, io.Close(ctx))
		server.Close()
	})
	return io, server.URL
}

// A played step holds the events that an admin received during it.
type played struct {
	name   string
	events []string
}

// play runs admin-client.mjs against a server.
func play(t *testing.T, dir, url, mode string) (steps []played) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	client := exec.CommandContext(ctx, "node", "admin-client.mjs", url, "changeit", mode)
	client.Dir = dir
	var stderr bytes.Buffer
	client.Stderr = &stderr
	out, err := client.Output()
	require.NoError(t, err, "%s\n%s", out, &stderr)
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var step played
		require.NoError(t, json.Unmarshal(lines.Bytes(), &[]any{&step.name, &step.events}),
			lines.Text())
		steps = append(steps, step)
	}
	return steps
}

func TestAnAdminReceivesWhatTheOfficialServerSends(t *testing.T) {
	dir := needed(t)
	for mode, config := range map[string]admin.Config{
		"development": {},
		"readonly":    {ReadOnly: true},
		"production":  {Mode: admin.Production},
	} {
		t.Run(mode, func(t *testing.T) {
			options := map[string]any{"mode": "development", "readonly": config.ReadOnly}
			if config.Mode != "" {
				options["mode"] = config.Mode
			}
			text, err := json.Marshal(options)
			require.NoError(t, err)
			want := play(t, dir, node.Start(t, "admin-server.mjs", hash(t), string(text)), mode)
			_, url := start(t, config, nil)
			got := play(t, dir, url, mode)
			require.Len(t, got, len(want))
			require.Greater(t, len(want), 5)
			for i, step := range want {
				assert.Equal(t, step.name, got[i].name)
				assert.Equal(t, step.events, got[i].events, step.name)
			}
		})
	}
}
