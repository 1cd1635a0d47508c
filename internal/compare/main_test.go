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

// serveLane has the lane and the workload that the test binary serves instead of testing.
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
	if lane, workload, found := strings.Cut(os.Getenv(serveLane), " "); found {
		if err := Serve(context.Background(), lessons.All(), lane, workload, os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	labtest.Main(m)
}

func ourselves(lane, workload string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), serveLane+"="+lane+" "+workload, "GORACE=atexit_sleep_ms=0")
	return c
}
