package compare

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"realtimelab/internal/certificate"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lesson"
	"realtimelab/internal/meter"
)

// Snapshot is what Serve says of its server.
type Snapshot struct {
	URL    string `json:"url,omitempty"`    // in the first one only, as is
	Direct string `json:"direct,omitempty"` // the URL beside it that counts nothing and is never cut

	// Certificate is that of a server with TLS, in DER; in the first one only.
	Certificate []byte `json:"certificate,omitempty"`

	CPUStep time.Duration `json:"cpu_step_ns,omitempty"` // in the first one only: the resolution of CPU

	meter.Counts
	Goroutines int           `json:"goroutines"`
	CPU        time.Duration `json:"cpu_ns"` // of the process so far
}

// Serving is what Serve serves.
type Serving struct {
	Lane, Workload string
	TLS            bool // also where the lane needs none
}

// Serve serves what a lane needs under a workload on a loopback port until in ends. It writes a
// Snapshot as a line of JSON when it serves, and one for each line of in: "cut"
// resets the connections and refuses more until "mend", over UDP by losing every packet; "settle"
// returns unused memory to the system; an empty line only asks.
func Serve(ctx context.Context, all []lesson.Lesson, what Serving, in io.Reader, out io.Writer) error {
	_, l, ok := lesson.FindLane(all, what.Lane)
	if !ok {
		return unknown("transport", what.Lane, lesson.LaneNames(all))
	}
	start := l.Start
	w, _ := FindWorkload(what.Workload)
	way := w.way(l)
	if way.Start != nil {
		start = way.Start
	}
	if way.PerRoom {
		start = lesson.PerRoom(start)
	}
	env := lesson.Env{Log: slog.New(slog.DiscardHandler)}
	serve := serveTCP
	if what.TLS || l.HTTP2 || l.UDP {
		cert, err := certificate.Make("127.0.0.1")
		if err != nil {
			return err
		}
		env.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	if l.UDP {
		serve = serveUDP
	}
	instance, err := start(env)
	if err != nil {
		return err
	}
	server, first, err := serve(env, instance)
	if err != nil {
		return errors.Join(err, instance.Close(ctx))
	}
	first.CPUStep = cpuStep()
	err = answer(server, first, in, out)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return errors.Join(err, server.Close(ctx, instance.Close))
}

// metered is a *meter.Server or a *meter.UDPServer.
type metered interface {
	counted
	Close(ctx context.Context, tell func(context.Context) error) error
}

// counted has connections that are counted and can be cut.
type counted interface {
	Count() meter.Counts
	Cut()
	Mend()
}

func serveTCP(env lesson.Env, instance *lesson.Instance) (metered, Snapshot, error) {
	s, err := meter.Serve(httpserver.Config{Handler: instance.Handler, Log: env.Log, TLS: env.TLS})
	if err != nil {
		return nil, Snapshot{}, err
	}
	first := Snapshot{URL: "http://" + s.Addr, Direct: "http://" + s.Direct}
	if env.TLS != nil {
		first.URL, first.Certificate = "https://"+s.Addr, env.TLS.Certificates[0].Certificate[0]
	}
	return s, first, nil
}

func serveUDP(env lesson.Env, instance *lesson.Instance) (metered, Snapshot, error) {
	s, err := meter.ServeUDP(instance.ServeUDP, instance.ResetUDP)
	if err != nil {
		return nil, Snapshot{}, err
	}
	return s, Snapshot{URL: "https://" + s.Addr, Direct: "https://" + s.Direct, Certificate: env.TLS.Certificates[0].Certificate[0]}, nil
}

func answer(s counted, first Snapshot, in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	if err := answers.Encode(first); err != nil {
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
