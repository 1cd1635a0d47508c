package compare

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// Command makes the command that runs Serve for a lane under a workload, on its standard input and
// output.
type Command func(lane, workload string) *exec.Cmd

// server is a running Serve in a process of its own.
type server struct {
	url     string
	direct  string      // beside url: counts nothing, is never cut
	trust   *tls.Config // of a server over UDP; nil of others
	cpuStep time.Duration
	cmd     *exec.Cmd
	process *process.Process

	mu      sync.Mutex // held from a question to its answer
	in      io.WriteCloser
	answers *bufio.Reader
}

// usage is a Snapshot with what the system says of the process.
type usage struct {
	Snapshot
	memory      uint64 // resident, bytes
	descriptors int32
}

func startServer(command Command, lane, workload string) (*server, error) {
	s := &server{cmd: command(lane, workload)}
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.in, s.answers = in, bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	first, err := s.read()
	if err == nil {
		s.url, s.direct, s.cpuStep = first.URL, first.Direct, first.CPUStep
		s.trust, err = trust(first.Certificate)
	}
	if err == nil {
		s.process, err = process.NewProcess(int32(s.cmd.Process.Pid))
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
	if err == nil {
		err = json.Unmarshal(line, &snap)
	}
	return snap, err
}

// ask sends a question, see Serve, and returns what the server has counted.
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

// settled is usage after a garbage collection that gives unused memory back to the
// system, so that the memory is what the clients hold and not what connecting cost.
func (s *server) settled() (usage, error) { return s.usageAfter("settle") }

// usageAfter asks until the server has counted each write that has begun, for a second at most: a
// client may have a message before the write that carried it is counted.
func (s *server) usageAfter(question string) (u usage, err error) {
	if u.Snapshot, err = s.ask(question); err != nil {
		return u, err
	}
	for end := time.Now().Add(time.Second); u.Writing > 0 && time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if u.Snapshot, err = s.ask(""); err != nil {
			return u, err
		}
	}
	memory, err := s.process.MemoryInfo()
	if err != nil {
		return u, err
	}
	u.memory = memory.RSS
	u.descriptors, err = s.process.NumFDs()
	return u, err
}

// close ends the server's input, and the server with it; one that does not end is
// killed.
func (s *server) close() {
	_ = s.in.Close()
	kill := time.AfterFunc(10*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	_ = s.cmd.Wait()
}
