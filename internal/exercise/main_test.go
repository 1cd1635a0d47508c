package exercise_test

import (
	"os"
	"testing"

	"realtimelab/internal/labtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(fullDisk); dir != "" {
		openOnFullDisk(dir)
	}
	labtest.Main(m)
}
