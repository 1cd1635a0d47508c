package compare

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"realtimelab/lessons"
)

// serveDemo names the demo that the test binary serves instead of testing.
const serveDemo = "COMPARE_TEST_SERVE"

func TestMain(m *testing.M) {
	if demo := os.Getenv(serveDemo); demo != "" {
		if err := Serve(context.Background(), lessons.Compared(), demo, os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func ourselves(demo string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), serveDemo+"="+demo, "GORACE=atexit_sleep_ms=0")
	return c
}
