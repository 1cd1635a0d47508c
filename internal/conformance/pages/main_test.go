package pages

import (
	"flag"
	"testing"

	"realtimelab/internal/labtest"
)

// TestMain lets three tests run side by side unless -parallel says otherwise: one in each engine.
// They wait for most of their time.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "3"); err != nil {
		panic(err)
	}
	labtest.Main(m)
}
