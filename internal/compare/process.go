package compare

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"realtimelab/internal/lesson"
)

// Command makes the command that runs Serve on its standard input and output.
type Command func(Serving) *exec.Cmd

// server is a running Serve, in a process of its own or in this one.
type server struct {
	url     string
	direct  string      // for a sender beside the clients; never cut
	trust   *tls.Config // of a server with TLS, otherwise nil
	cpuStep time.Duration
	wait    func()           // until the server has ended; it ends when its input does
	process *process.Process // nil if it is unknown

	external bool // a server of the user's, behind relays in this process
	// returns an error if a user's server has ended; nil for the lab's own
	gone func(context.Context) error

	mu      sync.Mutex // held from a request to its answer
	in      io.WriteCloser
	answers *bufio.Reader
}

// usage is a Snapshot with the system's figures of the process.
type usage struct {
	Snapshot
	memory      uint64 // resident, bytes
	descriptors int32
}

// start starts a lane's server with the configuration, or a relay before a user's server.
func (r Runner) start(c Config, lane string) (*server, error) {
	if x, ok := c.external(lane); ok {
		return x.start()
	}
	what := Serving{lane, c.Workload, c.TLS}
	if c.SameProcess {
		return serveHere(r.Lessons, what)
	}
	return startServer(r.Server, what)
}

func startServer(command Command, what Serving) (*server, error) {
	cmd := command(what)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return greet(in, out, cmd.Process.Pid, func() {
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait()
	})
}

// serveHere runs Serve in this process.
func serveHere(all []lesson.Lesson, what Serving) (*server, error) {
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := Serve(context.Background(), all, what, questions, answers)
		answers.CloseWithError(err)
		questions.CloseWithError(err)
	}()
	return greet(in, out, os.Getpid(), func() {
		_ = out.Close()
		<-done
	})
}

// greet waits until the server serves. pid is that of its process, or 0 if it is unknown.
func greet(in io.WriteCloser, out io.Reader, pid int, wait func()) (*server, error) {
	s := &server{in: in, answers: bufio.NewReader(out), wait: wait}
	first, err := s.read()
	if err == nil {
		s.url, s.direct, s.cpuStep = first.URL, first.Direct, first.CPUStep
		s.trust, err = trust(first.Certificate)
	}
	if err == nil && pid != 0 {
		s.process, err = process.NewProcess(int32(pid))
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	return s, nil
}

// trust returns the configuration of a client that accepts a certificate in DER; nil without one.
func trust(certificate []byte) (*tls.Config, error) {
	if certificate == nil {
		return nil, nil
	}
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(c)
	return &tls.Config{RootCAs: roots}, nil
}

func (s *server) read() (Snapshot, error) {
	var snap Snapshot
	line, err := s.answers.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return snap, errors.New("the process of the lane's server has ended")
	}
	if err == nil {
		err = json.Unmarshal(line, &snap)
	}
	return snap, err
}

// ask sends a command to Serve, and returns the server's counters.
func (s *server) ask(question string) (Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := io.WriteString(s.in, question+"\n"); err != nil {
		return Snapshot{}, err
	}
	return s.read()
}

// usage asks the server and the system.
func (s *server) usage() (usage, error) { return s.usageAfter("") }

// settled returns the usage after a garbage collection that returns unused memory to the system.
// The memory is then the clients' memory, without the cost of connecting.
func (s *server) settled() (usage, error) { return s.usageAfter("settle") }

// usageAfter asks until the server has counted each write that has begun, for at most a second,
// because a client may receive a message before the server has counted its write.
func (s *server) usageAfter(question string) (u usage, err error) {
	if u.Snapshot, err = s.ask(question); err != nil {
		return u, err
	}
	for end := time.Now().Add(time.Second); u.Writing+u.Beside.Writing > 0 &&
		time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if u.Snapshot, err = s.ask(""); err != nil {
			return u, err
		}
	}
	if s.external {
		u.Goroutines, u.CPU = 0, 0 // of this process
	}
	if s.process == nil {
		return u, nil
	}
	if s.external {
		times, err := s.process.Times()
		if err != nil {
			return u, err
		}
		u.CPU = time.Duration((times.User + times.System) * float64(time.Second))
	}
	memory, err := s.process.MemoryInfo()
	if err != nil {
		return u, err
	}
	u.memory = memory.RSS
	u.descriptors, err = s.process.NumFDs()
	return u, err
}

// close ends the server's input, and the server with it. A process that does not end is killed.
func (s *server) close() {
	_ = s.in.Close()
	s.wait()
}
