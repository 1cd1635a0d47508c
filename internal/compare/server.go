package compare

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
)

// Snapshot is what a server has counted so far.
type Snapshot struct {
	URL         string `json:"url,omitempty"` // in the first one only
	In          int64  `json:"in"`            // bytes
	Out         int64  `json:"out"`
	HeadersIn   int64  `json:"headers_in"` // of In: HTTP heads
	HeadersOut  int64  `json:"headers_out"`
	Requests    int64  `json:"requests"`
	Connections int64  `json:"connections"`
	Goroutines  int    `json:"goroutines"`
}

// Serve serves one transport's demo on a loopback port until in ends. It writes a
// Snapshot as a line of JSON when it serves, and one for each line of in.
func Serve(ctx context.Context, all []lesson.Lesson, demo string, in io.Reader, out io.Writer) error {
	d, err := demoOf(all, demo)
	if err != nil {
		return err
	}
	instance, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	wire, heads := tap.New(tap.Config{CountOnly: true}), &heads{}
	server := &http.Server{Handler: instance.Handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener{wire.Listener(l), heads}) }()
	err = answer(wire, heads, "http://"+l.Addr().String(), in, out)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_ = instance.Close(ctx)
	_ = server.Close()
	<-served
	return err
}

func demoOf(all []lesson.Lesson, name string) (lesson.Demo, error) {
	for _, l := range all {
		for _, d := range l.Demos {
			if d.Name == name {
				return d, nil
			}
		}
	}
	return lesson.Demo{}, fmt.Errorf("no demo %q", name)
}

func answer(wire *tap.Tap, heads *heads, url string, in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	if err := answers.Encode(Snapshot{URL: url}); err != nil {
		return err
	}
	questions := bufio.NewScanner(in)
	for questions.Scan() {
		c := wire.Counters()
		err := answers.Encode(Snapshot{
			In: c.In, Out: c.Out, Connections: c.Total, Goroutines: runtime.NumGoroutine(),
			HeadersIn: heads.bytes[tap.In].Load(), HeadersOut: heads.bytes[tap.Out].Load(), Requests: heads.count[tap.In].Load(),
		})
		if err != nil {
			return err
		}
	}
	return questions.Err()
}
