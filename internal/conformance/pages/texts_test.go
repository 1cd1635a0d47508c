package pages

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// TestNoTransport: the badge of a page without a connection, on the page with a text of its own for
// this case.
func TestNoTransport(t *testing.T) {
	tab := open(t, labtest.NewBrowser(t), run(t, "acks", lang.English))
	press(tab, "#disconnect")
	tab.WaitText("#status", "disconnected")
	assert.Equal(t, "no transport", textOf(tab, "#transport"))
}
