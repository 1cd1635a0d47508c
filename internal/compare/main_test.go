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

func everyLane() []string { return lesson.LaneNames(runner.Lessons) }

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
