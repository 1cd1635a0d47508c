package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
)

func TestMain(m *testing.M) { labtest.MainOf(m, main) }

func TestPage(t *testing.T) {
	browser := labtest.NewBrowser(t)
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0")
	ann, bob := browser.Tab(t), browser.Tab(t)
	for _, tab := range []*labtest.Tab{ann, bob} {
		tab.Open(url)
		tab.WaitFor(`socket.connected`)
	}
	ann.Press("#text", "h", "i", "Enter")
	for _, tab := range []*labtest.Tab{ann, bob} {
		tab.WaitText("#messages", "hi")
		assert.Empty(t, tab.ConsoleErrors())
	}
}
