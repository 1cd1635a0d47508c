// Package redisserver runs Debian's redis-server for tests, which may kill it and start it again.
package redisserver

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// Server is a redis-server that listens on a socket of the file system, which stays the same when
// it starts again.
type Server struct {
	Socket string // the path

	t     testing.TB
	path  string
	args  []string
	dir   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd writes no more
}

// Start runs a redis-server until t ends. It stores nothing on the disk unless args say so. Without
// redis-server, the test is skipped: see need.Tool.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	path := need.Tool(t, "redis-server")
	dir, err := os.MkdirTemp("", "redis") // t.TempDir is too long a path for a socket
	require.NoError(t, err)
	s := &Server{Socket: filepath.Join(dir, "socket"), t: t, path: path, dir: dir, args: args}
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// Durable holds arguments for Start with which Redis writes every change to the disk before it
// answers.
func Durable() []string { return []string{"--appendonly", "yes", "--appendfsync", "always"} }

// Options returns the options of a client for the server.
func (s *Server) Options() *redis.Options {
	return &redis.Options{Network: "unix", Addr: s.Socket, MaxRetries: -1}
}

// Client returns a client that t closes.
func (s *Server) Client(t testing.TB) *redis.Client {
	c := redis.NewClient(s.Options())
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Kill ends the server like a crash. It stays down until Restart.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	_ = s.cmd.Wait() // it was killed
	s.cmd = nil
}

// Restart starts the server after Kill, with the data on the disk, and returns when it serves.
func (s *Server) Restart() {
	s.t.Helper()
	_ = os.Remove(s.Socket)
	args := append([]string{"--port", "0", "--unixsocket", s.Socket, "--save", "", "--dir", s.dir},
		s.args...)
	s.cmd = exec.Command(s.path, args...)
	stdout, err := s.cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, s.cmd.Start())
	ready, ended := make(chan struct{}), make(chan struct{})
	s.ended = ended
	var said strings.Builder
	go func() {
		defer close(ended)
		begun := false
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if begun {
				continue
			}
			fmt.Fprintln(&said, lines.Text())
			if begun = strings.Contains(strings.ToLower(lines.Text()),
				"ready to accept connections"); begun {
				close(ready)
			}
		}
	}()
	select {
	case <-ready:
	case <-ended:
		s.t.Fatalf("redis-server did not start: %s", &said)
	}
}
