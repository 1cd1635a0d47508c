package pages

import (
	"os"
	"testing"
)

// only skips the tests of other demos where DEMO names one: make pages DEMO=acks.
func only(t *testing.T, demo string) {
	t.Helper()
	if one := os.Getenv("DEMO"); one != "" && one != demo {
		t.Skipf("not the demo %s", one)
	}
}
