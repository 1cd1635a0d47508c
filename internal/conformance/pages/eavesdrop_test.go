package pages

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// chooseWay chooses a connection on the page of eavesdrop, and opens it.
func chooseWay(tab *labtest.Tab, scheme, proxy string, trust bool) {
	labtest.Eval[bool](tab, `(() => {
		document.querySelector("[name=scheme][value='`+scheme+`']").click();
		document.querySelector("[name=proxy][value='`+proxy+`']").click();
		if (!document.getElementById("trust").disabled) document.getElementById("trust").checked = `+map[bool]string{true: "true", false: "false"}[trust]+`;
		document.getElementById("outcome").textContent = "";
		return true;
	})()`)
	press(tab, "#run")
	tab.WaitFor(
		`document.getElementById("outcome").textContent !== "" && !document.getElementById("run").disabled`)
}

// TestEavesdropPage: each choice of the page changes who can read the cookie, and whether the
// WebSocket opens.
func TestEavesdropPage(t *testing.T) { labtest.InEveryEngine(t, eavesdropPage) }

func eavesdropPage(t *testing.T, browser *labtest.Browser) {
	tab := browser.Tab(t)
	tab.Open(run(t, "eavesdrop", lang.English))
	tab.WaitText("#status", "ready")
	const can, cannot, server = "The cookie can be read here.", "The cookie cannot be read here.",
		"The server reads the cookie"
	for _, c := range []struct {
		scheme, proxy string
		trust         bool
		outcome       string
		network       string
		inProxy       string
		atServer      string
	}{
		{"ws", "none", false, "The WebSocket opened", can, "This path has no proxy", server},
		{"wss", "none", false, "The WebSocket opened", cannot, "This path has no proxy", server},
		{"wss", "tunnel", false, "The WebSocket opened", cannot, "A tunnel copies bytes", server},
		{"wss", "inspect", false, "unknown authority", cannot, "Nothing came", "Nothing came"},
		{"wss", "inspect", true, "The WebSocket opened", cannot, can, server},
		{"wss", "no-upgrade", true, "did not open. Status 426", cannot, can, server},
	} {
		chooseWay(tab, c.scheme, c.proxy, c.trust)
		tab.WaitText("#outcome", c.outcome)
		assert.Contains(t, textOf(tab, "#networkSays"), c.network, c)
		assert.Contains(t, textOf(tab, "#proxySays"), c.inProxy, c)
		assert.Contains(t, textOf(tab, "#serverSays"), c.atServer, c)
		assert.Equal(t, c.network == can, labtest.Eval[bool](tab,
			`document.querySelector("#network mark") !== null`), "the cookie is marked")
		if c.scheme == "wss" {
			tab.WaitText("#network", "ClientHello for localhost")
		}
	}
	write := `(document.getElementById("text").value = "<b>bold</b>", true)`
	labtest.Eval[bool](tab, write)
	chooseWay(tab, "ws", "none", false)
	tab.WaitText("#outcome", "came back: <b>bold</b>")
	tab.WaitText("#network", "without the mask: <b>bold</b>")
}

// TestEavesdropLooks: the page on a projector and a phone, light and dark, in both languages.
func TestEavesdropLooks(t *testing.T) {
	axe := axe(t)
	browser := labtest.NewBrowser(t)
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		t.Run(string(language), func(t *testing.T) {
			tab := browser.Tab(t)
			tab.Allow(inlineStyle)
			tab.Open(run(t, "eavesdrop", language))
			tab.WaitFor(`!document.getElementById("run").disabled`)
			chooseWay(tab, "wss", "inspect", true)
			labtest.Eval[bool](tab, axe)
			for _, v := range viewports {
				tab.Viewport(v.width, 720)
				for _, scheme := range []string{"dark", "light"} {
					tab.ColorScheme(scheme)
					tab.WaitFor(`document.getAnimations().length === 0`)
					name := "eavesdrop-" + string(language) + "-" + v.name + "-" + scheme
					assert.Empty(t, labtest.Eval[[]string](tab, faults), name)
					assert.Empty(t, labtest.Eval[[]string](tab, violations), name)
					tab.Screenshot(name)
				}
			}
		})
	}
}
