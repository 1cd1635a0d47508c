package compare

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lesson"
	"realtimelab/internal/meter"
)

// Snapshot is what Serve says of its server.
type Snapshot struct {
	URL    string `json:"url,omitempty"`    // in the first one only, as is
	Direct string `json:"direct,omitempty"` // the URL beside it that counts nothing and is never cut

	CPUStep time.Duration `json:"cpu_step_ns,omitempty"` // in the first one only: the resolution of CPU

	meter.Counts
	Goroutines int           `json:"goroutines"`
	CPU        time.Duration `json:"cpu_ns"` // of the process so far
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
	if w, _ := FindWorkload(workload); w.Asks && l.Answers != nil {
		start = l.Answers
	}
	instance, err := start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	server, err := meter.Serve(httpserver.Config{Handler: instance.Handler, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return errors.Join(err, instance.Close(ctx))
	}
	err = answer(server, in, out)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return errors.Join(err, server.Close(ctx, instance.Close))
}

func answer(s *meter.Server, in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	if err := answers.Encode(Snapshot{URL: "http://" + s.Addr, Direct: "http://" + s.Direct, CPUStep: cpuStep()}); err != nil {
		return err
	}
	questions := bufio.NewScanner(in)
	for questions.Scan() {
		switch questions.Text() {
		case "cut":
			s.Cut()
		case "mend":
			s.Mend()
		case "settle":
			debug.FreeOSMemory()
		}
		if err := answers.Encode(Snapshot{Counts: s.Count(), Goroutines: runtime.NumGoroutine(), CPU: ownCPU()}); err != nil {
			return err
		}
	}
	return questions.Err()
}
