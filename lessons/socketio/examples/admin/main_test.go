package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest"
)

func TestMain(m *testing.M) { labtest.MainOf(m, main) }

func TestTheAdminSeesTheChat(t *testing.T) {
	modules := filepath.Join(node.Dir(t), "node_modules")
	require.DirExists(t, filepath.Join(modules, "@socket.io", "admin-ui"),
		"node_modules is older than package-lock.json: run npm ci in %s", node.Dir(t))
	browser := labtest.NewBrowser(t)
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0", "-password", "changeit", "-modules",
		modules)
	ann, ui := browser.Tab(t), browser.Tab(t)
	// fonts of other sites; icons that the tests do not install
	ui.Allow("Content Security Policy", "Failed to load resource", "supported stylesheet MIME type")
	ann.Open(url)
	ann.WaitFor(`socket.connected`)

	ui.Open(url + "/admin/")
	for selector, text := range map[string]string{
		"form .v-text-field:nth-of-type(1) input": url,
		"form .v-text-field:nth-of-type(2) input": "admin",
		"form input[type=password]":               "changeit",
	} {
		ui.WaitFor(`((e) => e && (e.value = "` + text +
			`", e.dispatchEvent(new Event("input")), true))(document.querySelector("` +
			selector + `"))`)
	}
	ui.Click("form button[type=submit]")
	ui.WaitFor(`!document.querySelector(".v-dialog--active")`)
	labtest.Eval[any](ui, `(location.hash = "#/rooms/", null)`)
	ui.WaitText("tbody", "hall")
	labtest.Eval[any](ann,
		`(document.querySelector("#room").value = "kitchen", document.querySelector("#room").dispatchEvent(new Event("change")), null)`)
	ui.WaitText("tbody", "kitchen")
	ann.Press("#text", "h", "i", "Enter")
	ann.WaitText("#messages", "somebody: hi")
	labtest.Eval[any](ui, `(location.hash = "#/events/", null)`)
	ui.WaitText("tbody", "chat message")
	assert.Empty(t, ann.ConsoleErrors())
}

func TestWithoutTheAdminUI(t *testing.T) {
	browser := labtest.NewBrowser(t)
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0", "-modules", t.TempDir())
	tab := browser.Tab(t)
	tab.Allow("Failed to load resource")
	tab.Open(url + "/admin/")
	tab.WaitText("body", "npm install")
}
