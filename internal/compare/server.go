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

// Snapshot holds the counters of a server that Serve runs.
type Snapshot struct {
	URL string `json:"url,omitempty"` // in the first one only, as is
	// the URL for a sender beside the clients, which is never cut
	Direct string `json:"direct,omitempty"`

	// Certificate is that of a server with TLS, in DER; in the first one only.
	Certificate []byte `json:"certificate,omitempty"`

	// in the first one only: the resolution of CPU
	CPUStep time.Duration `json:"cpu_step_ns,omitempty"`

	meter.Counts
	Beside     meter.Counts  `json:"beside,omitzero"` // of Direct
	Goroutines int           `json:"goroutines"`
	CPU        time.Duration `json:"cpu_ns"` // of the process so far
}

// Serving describes the server that Serve runs.
type Serving struct {
	Lane, Workload string
	TLS            bool // even if the lane needs none
}

// Serve runs a lane's server for a workload on a loopback port until in ends. It writes a Snapshot
// as a line of JSON when it serves, and one for each line of in: "down" resets the connections and
// refuses more until "up", over UDP by losing every packet; "settle" returns unused memory to the
// system; an empty line does nothing else.
func Serve(ctx context.Context, all []lesson.Lesson, what Serving, in io.Reader,
	out io.Writer) error {
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

// counted is a server with connections that are counted and can go down, and others beside them.
type counted interface {
	Count() meter.Counts
	Beside() meter.Counts
	Down()
	Up()
}

func serveTCP(env lesson.Env, instance *lesson.Instance) (metered, Snapshot, error) {
	s, err := meter.Serve(httpserver.Config{Handler: instance.Handler, Log: env.Log, TLS: env.TLS})
	if err != nil {
		return nil, Snapshot{}, err
	}
	first := Snapshot{URL: "http://" + s.Addr, Direct: "http://" + s.Direct}
	if env.TLS != nil {
		first.URL, first.Direct = "https://"+s.Addr, "https://"+s.Direct
		first.Certificate = env.TLS.Certificates[0].Certificate[0]
	}
	return s, first, nil
}

func serveUDP(env lesson.Env, instance *lesson.Instance) (metered, Snapshot, error) {
	s, err := meter.ServeUDP(instance.ServeUDP, instance.ResetUDP)
	if err != nil {
		return nil, Snapshot{}, err
	}
	return s, Snapshot{URL: "https://" + s.Addr, Direct: "https://" + s.Direct,
		Certificate: env.TLS.Certificates[0].Certificate[0]}, nil
}

func answer(s counted, first Snapshot, in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	if err := answers.Encode(first); err != nil {
		return err
	}
	questions := bufio.NewScanner(in)
	for questions.Scan() {
		switch questions.Text() {
		case "down":
			s.Down()
		case "up":
			s.Up()
		case "settle":
			debug.FreeOSMemory()
		}
		if err := answers.Encode(Snapshot{Counts: s.Count(), Beside: s.Beside(),
			Goroutines: runtime.NumGoroutine(), CPU: ownCPU()}); err != nil {
			return err
		}
	}
	return questions.Err()
}
