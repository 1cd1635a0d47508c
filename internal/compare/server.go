package compare

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lesson"
)

// Snapshot is what a Meter has counted so far.
type Snapshot struct {
	URL         string `json:"url,omitempty"`    // in the first one only, as is
	Direct      string `json:"direct,omitempty"` // the URL beside it that counts nothing and is never cut
	In          int64  `json:"in"`               // bytes
	Out         int64  `json:"out"`
	HeadersIn   int64  `json:"headers_in"` // of In: HTTP heads
	HeadersOut  int64  `json:"headers_out"`
	Requests    int64  `json:"requests"`
	Connections int64  `json:"connections"`
	Goroutines  int    `json:"goroutines"`
	Writing     int64  `json:"writing"` // writes under way, which are not counted yet
}

// Serve serves what a lane needs under a workload on a loopback port until in ends. It writes a
// Snapshot as a line of JSON when it serves, and one for each line of in: "cut"
// resets the connections and refuses more until "mend"; "settle" returns unused
// memory to the system; an empty line only asks.
func Serve(ctx context.Context, all []lesson.Lesson, lane, workload string, in io.Reader, out io.Writer) error {
	demo, l, ok := lesson.FindLane(all, lane)
	if !ok {
		return unknown("transport", lane, lesson.LaneNames(all))
	}
	start := demo.Start
	if workload == Ack && l.Answers != nil {
		start = l.Answers
	}
	instance, err := start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	server := httpserver.New(httpserver.Config{Handler: instance.Handler, Log: slog.New(slog.DiscardHandler)})
	c := &counter{}
	err = c.serve(server, in, out)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err = errors.Join(err, server.Close(ctx, instance.Close))
	c.serving.Wait()
	return err
}

// counter serves two listeners, one of which counts.
type counter struct {
	meter   *Meter
	serving sync.WaitGroup
}

func (c *counter) serve(server *httpserver.Server, in io.Reader, out io.Writer) error {
	var listeners [2]net.Listener
	for i := range listeners {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		listeners[i] = l
	}
	first := Snapshot{URL: "http://" + listeners[0].Addr().String(), Direct: "http://" + listeners[1].Addr().String()}
	c.meter = NewMeter(server.Track(listeners[0]))
	c.serving.Go(func() { _ = server.Serve(c.meter.Listener()) })
	c.serving.Go(func() { _ = server.Serve(server.Track(listeners[1])) })
	return c.answer(first, in, out)
}

func (c *counter) answer(first Snapshot, in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	if err := answers.Encode(first); err != nil {
		return err
	}
	questions := bufio.NewScanner(in)
	for questions.Scan() {
		switch questions.Text() {
		case "cut":
			c.meter.Cut()
		case "mend":
			c.meter.Mend()
		case "settle":
			debug.FreeOSMemory()
		}
		if err := answers.Encode(c.meter.Count()); err != nil {
			return err
		}
	}
	return questions.Err()
}
