package compare

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

// serveLane has the lane, the workload and perhaps "tls" that the test binary serves instead of
// testing.
const serveLane = "COMPARE_TEST_SERVE"

// serveDemo has the name of a demo that the test binary serves at a port until it is killed, as a
// server of the user's. Its first line is the URL.
const serveDemo = "COMPARE_TEST_DEMO"

var runner = Runner{Lessons: lessons.All(), Server: ourselves}

// everyLane names the lanes over TCP.
func everyLane() []string { return namesOf(func(l lesson.Lane) bool { return !l.UDP }) }

// reliable names the lanes that lose nothing and keep the order, over UDP too.
func reliable() []string {
	return namesOf(func(l lesson.Lane) bool { return !l.Lossy && !l.Unordered })
}

func namesOf(which func(lesson.Lane) bool) (names []string) {
	for _, l := range lesson.Lanes(runner.Lessons) {
		if which(l) {
			names = append(names, l.Name)
		}
	}
	return names
}

func TestMain(m *testing.M) {
	if what := strings.Fields(os.Getenv(serveLane)); len(what) > 0 {
		if err := Serve(context.Background(), lessons.All(),
			Serving{what[0], what[1], len(what) > 2}, os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	if name := os.Getenv(serveDemo); name != "" {
		for _, l := range lessons.All() {
			for _, d := range l.Demos {
				if d.Name == name {
					serve(d)
				}
			}
		}
		os.Exit(1)
	}
	labtest.Main(m)
}

func serve(d lesson.Demo) {
	instance, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return
	}
	fmt.Println("http://" + l.Addr().String())
	_ = http.Serve(l, instance.Handler)
}

func ourselves(s Serving) *exec.Cmd {
	what := s.Lane + " " + s.Workload
	if s.TLS {
		what += " tls"
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), serveLane+"="+what, "GORACE=atexit_sleep_ms=0")
	return c
}
