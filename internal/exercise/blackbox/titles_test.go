package blackbox

import "testing"

// TestTitles checks that an exercise with titles has one for each step.
func TestTitles(t *testing.T) {
	for name, all := range titles {
		if len(all) != len(attacks[name]) {
			t.Errorf("%s has %d titles for %d steps", name, len(all), len(attacks[name]))
		}
	}
}
