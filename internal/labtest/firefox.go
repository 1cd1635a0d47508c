package labtest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// firefoxProcess is Firefox behind firefox.mjs, a Node script that takes commands as lines of JSON.
type firefoxProcess struct {
	cmd    *exec.Cmd
	stderr strings.Builder
	ended  chan struct{} // closed when stdout has ended

	mu      sync.Mutex
	stdin   io.WriteCloser
	last    int
	waiting map[int]chan firefoxReply
	report  map[int]func(consoleEntry) // by page
}

type firefoxReply struct {
	ID    int             `json:"id"` // of the command; 0 for a line of a console
	Value json.RawMessage `json:"value"`
	Error string          `json:"error"`

	Page    int    `json:"page"`
	Console string `json:"console"`
	IsError bool   `json:"isError"`
}

// startFirefox starts the Firefox at path through the script in dir.
func startFirefox(path, dir string) (process, error) {
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "puppeteer-core")); err != nil {
		return nil, fmt.Errorf("%w: run npm ci in %s", err, dir)
	}
	p := &firefoxProcess{
		cmd:     exec.Command("node", filepath.Join(dir, "firefox.mjs"), path),
		ended:   make(chan struct{}),
		waiting: map[int]chan firefoxReply{},
		report:  map[int]func(consoleEntry){},
	}
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(stdout)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if _, err := p.call(ctx, "ready", 0, nil); err != nil {
		return nil, errors.Join(err, p.stop(), errors.New(p.stderr.String()))
	}
	return p, nil
}

func (p *firefoxProcess) read(stdout io.Reader) {
	defer close(p.ended)
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var reply firefoxReply
		if json.Unmarshal(line, &reply) != nil {
			continue
		}
		p.mu.Lock()
		answer, report := p.waiting[reply.ID], p.report[reply.Page]
		delete(p.waiting, reply.ID)
		p.mu.Unlock()
		if answer != nil {
			answer <- reply
		} else if reply.ID == 0 && report != nil {
			report(consoleEntry{reply.Console, reply.IsError})
		}
	}
}

// call runs a command of firefox.mjs on a page or a session.
func (p *firefoxProcess) call(ctx context.Context, command string, on int,
	args any) (json.RawMessage, error) {
	answer := make(chan firefoxReply, 1)
	p.mu.Lock()
	p.last++
	id := p.last
	p.waiting[id] = answer
	line, err := json.Marshal(map[string]any{"id": id, "command": command, "on": on, "args": args})
	if err == nil {
		_, err = p.stdin.Write(append(line, '\n'))
	}
	p.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case reply := <-answer:
		if reply.Error != "" {
			return nil, errors.New(reply.Error)
		}
		return reply.Value, nil
	case <-p.ended:
		return nil, fmt.Errorf("firefox.mjs has ended: %s", &p.stderr)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stop ends the script, which ends Firefox, when its stdin ends.
func (p *firefoxProcess) stop() error {
	_ = p.stdin.Close()
	stuck := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer stuck.Stop()
	<-p.ended
	return p.cmd.Wait()
}

func (p *firefoxProcess) number(ctx context.Context, command string, on int) (int, error) {
	value, err := p.call(ctx, command, on, nil)
	if err != nil {
		return 0, err
	}
	var n int
	return n, json.Unmarshal(value, &n)
}

type firefoxSession struct {
	*firefoxProcess
	id int
}

func (p *firefoxProcess) session() (session, error) {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	id, err := p.number(ctx, "session", 0)
	return &firefoxSession{p, id}, err
}

func (s *firefoxSession) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	_, err := s.call(ctx, "endSession", s.id, nil)
	return err
}

func (s *firefoxSession) page(ctx context.Context, report func(consoleEntry)) (page, error) {
	id, err := s.number(ctx, "page", s.id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.report[id] = report
	s.mu.Unlock()
	return &firefoxPage{s.firefoxProcess, id}, nil
}

type firefoxPage struct {
	*firefoxProcess
	id int
}

func (p *firefoxPage) open(ctx context.Context, url string) error {
	_, err := p.call(ctx, "open", p.id, url)
	return err
}

func (p *firefoxPage) eval(ctx context.Context, expression string) ([]byte, error) {
	return p.call(ctx, "eval", p.id, expression)
}

func (p *firefoxPage) press(ctx context.Context, key string) error {
	_, err := p.call(ctx, "press", p.id, key)
	return err
}

func (p *firefoxPage) viewport(ctx context.Context, width, height int64) error {
	_, err := p.call(ctx, "viewport", p.id, map[string]int64{"width": width, "height": height})
	return err
}

func (p *firefoxPage) screenshot(ctx context.Context) ([]byte, error) {
	value, err := p.call(ctx, "screenshot", p.id, nil)
	if err != nil {
		return nil, err
	}
	var png []byte // base64 in JSON
	return png, json.Unmarshal(value, &png)
}

func (p *firefoxPage) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	_, err := p.call(ctx, "endPage", p.id, nil)
	p.mu.Lock()
	delete(p.report, p.id)
	p.mu.Unlock()
	return err
}
