package pages

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// TestNoTransportIsSaidAsSuch: the badge of a page without a connection, on the page that has a text of its own about having nothing.
func TestNoTransportIsSaidAsSuch(t *testing.T) {
	tab := open(t, labtest.NewBrowser(t), run(t, "acks", lang.English))
	press(tab, "#disconnect")
	tab.WaitText("#status", "disconnected")
	assert.Equal(t, "no transport", textOf(tab, "#transport"))
}
