// Package labtest helps the tests of the lab: three real browser engines behind one set of steps.
package labtest

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of a package that opens browsers. It ends the browsers, then fails if a
// goroutine is left. Call it from TestMain.
func Main(m *testing.M) {
	browsers.ended = true
	code := m.Run()
	if err := stopBrowsers(); err != nil {
		fmt.Fprintln(os.Stderr, "labtest: ending the browsers:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, "labtest:", err)
			code = 1
		}
	}
	os.Exit(code)
}
