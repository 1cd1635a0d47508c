package compare

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

// serveLane has the lane, the workload and perhaps "tls" that the test binary serves instead of testing.
const serveLane = "COMPARE_TEST_SERVE"

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
		if err := Serve(context.Background(), lessons.All(), Serving{what[0], what[1], len(what) > 2}, os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	labtest.Main(m)
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
