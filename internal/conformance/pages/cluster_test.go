package pages

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// clusterUp is true when every server is up, all clients are connected, and no restart runs.
const clusterUp = `(() => {
	const servers = [...document.querySelectorAll("#servers li")];
	const clients = servers.map((s) => parseInt(s.querySelector(".clients").textContent.match(/\d+/)[0]));
	return servers.length === 3 && servers.every((s) => s.dataset.status === "up") && document.getElementById("busy").textContent === "" &&
		clients.reduce((a, b) => a + b) > Number(document.getElementById("size").value); // this page too
})()`

// switchTo presses a switch of the page and waits until the server has taken it.
func switchTo(tab *labtest.Tab, name, value string) {
	button := fmt.Sprintf("#%s button[value=%q]", name, value)
	press(tab, button)
	tab.WaitFor(fmt.Sprintf(`document.querySelector(%s).getAttribute("aria-pressed") === "true"`,
		quote(button)))
}

// countAgain begins the account of the crowd again, and waits until the page shows that.
func countAgain(tab *labtest.Tab) {
	before := labtest.Eval[int](tab, counted("crowd", "atOnce"))
	press(tab, "#count")
	tab.WaitFor(fmt.Sprintf("%s < %d", counted("crowd", "atOnce"), before))
}

// counted returns a figure of the table, for "mine" or "crowd".
func counted(whose, key string) string {
	return fmt.Sprintf(`Number(document.querySelector("#%s [data-key=%s]").textContent)`,
		whose, key)
}

// TestClusterPage presses every switch, and checks what a student sees.
func TestClusterPage(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors() // of refused polls, and of servers that end
	tab.Open(teacher.URL(run(t, "cluster", lang.English)))
	tab.WaitFor(clusterUp)
	tab.WaitFor(
		`/^on server [ABC], over websocket$/.test(document.getElementById("me").textContent)`)
	tab.WaitFor(
		`document.querySelectorAll(".server.mine").length === 1 && document.querySelector(".server.mine").textContent.includes("you are here")`)
	tab.WaitFor(counted("mine", "atOnce") + " > 2 && " + counted("crowd", "atOnce") + " > 20")

	// A broadcast and its path.
	enter(tab, "#text", "<b>hello</b>")
	tab.WaitText("#events", "<b>hello</b> (by way of ")
	tab.WaitText("#hops", "It reached 10 of 10 clients.")
	tab.WaitText("#hops", "to Redis, channel socket.io#/#. Redis passes it on to 3 connections.")
	tab.WaitText("#redisHop", "② PUBLISH to 3 connections")
	tab.WaitFor(
		`[...document.querySelectorAll(".server .hop")].every((hop) => hop.textContent.includes("③ to "))`)

	// Polling without stickiness.
	switchTo(tab, "sticky", "off")
	tab.WaitText("#stickySays", "each request goes to the next server")
	labtest.Eval[any](tab,
		`((s) => { s.value = "polling"; s.dispatchEvent(new Event("change")); })(document.getElementById("transport"))`)
	tab.WaitText("#events", "Session ID unknown")
	tab.WaitFor(
		`[...document.querySelectorAll("#requests .bad")].some((row) => row.textContent.includes("400"))`)
	tab.WaitFor(
		`[...document.querySelectorAll(".unknown")].some((e) => e.textContent.includes("Session ID unknown"))`)
	assert.Equal(t, "not connected", textOf(tab, "#me"))
	labtest.Eval[any](tab,
		`((s) => { s.value = "websocket"; s.dispatchEvent(new Event("change")); })(document.getElementById("transport"))`)
	tab.WaitText("#me", "over websocket")
	tab.WaitText("#requests", "101")
	labtest.Eval[any](tab,
		`((s) => { s.value = "polling"; s.dispatchEvent(new Event("change")); })(document.getElementById("transport"))`)
	switchTo(tab, "sticky", "address")
	tab.WaitText("#me", "over polling")
	switchTo(tab, "sticky", "cookie")
	press(tab, "#again")
	tab.WaitText("#me", "over polling")
	tab.WaitFor(clusterUp)

	// Without an adapter.
	switchTo(tab, "adapter", "off")
	tab.WaitFor(clusterUp)
	tab.WaitText("#me", "over polling")
	enter(tab, "#text", "alone")
	tab.WaitText("#hops", "Without an adapter")
	tab.WaitFor(
		`/It reached \d+ of \d+ clients/.test(document.querySelector("#hops .total.bad").textContent)`)
	tab.WaitText("#redisSays", "no server uses it")
	switchTo(tab, "adapter", "pubsub")
	tab.WaitFor(clusterUp)
	tab.WaitText("#me", "over polling")

	// Redis stops and comes back.
	switchTo(tab, "redis", "false")
	tab.WaitText("#redisSays", "stopped")
	enter(tab, "#text", "nobody hears")
	tab.WaitText("#hops", "cannot reach Redis")
	tab.WaitText("#redisHop", "② not reached")
	switchTo(tab, "redis", "true")
	tab.WaitText("#redisSays", "running: passes messages")

	// A server goes down and comes back.
	mine := labtest.Eval[string](tab, `document.querySelector(".server.mine").dataset.server`)
	press(tab, fmt.Sprintf(`[data-server=%q] button`, mine))
	tab.WaitText(fmt.Sprintf(`[data-server=%q] .status`, mine), "down")
	tab.WaitFor(
		fmt.Sprintf(
			`document.querySelector(".server.mine")?.dataset.server !== undefined && document.querySelector(".server.mine").dataset.server !== %q`, mine))
	tab.WaitText("#events", "connected again, as a new client")
	press(tab, fmt.Sprintf(`[data-server=%q] button[value=up]`, mine))
	tab.WaitFor(clusterUp)

	// More clients.
	labtest.Eval[any](tab,
		`((f) => { f.value = 12; f.dispatchEvent(new Event("change")); })(document.getElementById("size"))`)
	tab.WaitText("#crowdSays", "12 simulated clients")

	// A rolling restart without recovery loses events.
	countAgain(tab)
	press(tab, "#roll")
	tab.WaitText("#busy", "rolling restart")
	tab.WaitFor(
		`document.getElementById("roll").disabled && [...document.querySelectorAll(".server button")].every((b) => b.disabled)`)
	tab.WaitFor(
		`document.querySelector('[data-status="draining"], [data-status="starting"]') !== null || ` + counted("crowd", "lost") + ` > 0`)
	tab.WaitFor(clusterUp)
	for range 10 { // clients that are quick and lucky miss none
		if labtest.Eval[int](tab, counted("crowd", "lost")) > 0 {
			break
		}
		press(tab, "#roll")
		tab.WaitText("#busy", "rolling restart")
		tab.WaitFor(clusterUp)
	}
	tab.WaitFor(counted("crowd", "lost") + " > 0")
	assert.Zero(t, labtest.Eval[int](tab, counted("crowd", "recovered")))

	// With recovery over Streams it loses none.
	switchTo(tab, "adapter", "streams")
	tab.WaitFor(clusterUp)
	switchTo(tab, "recovery", "true")
	tab.WaitFor(clusterUp)
	tab.WaitText("#me", "over polling")
	enter(tab, "#text", "kept")
	tab.WaitText("#hops", "an entry of the stream socket.io")
	tab.WaitFor(`document.querySelector("#hops .total.good") !== null`)
	countAgain(tab)
	tab.WaitFor(counted("crowd", "atOnce") + " > 48")
	press(tab, "#roll")
	tab.WaitText("#busy", "rolling restart")
	tab.WaitFor(clusterUp)
	tab.WaitFor(counted("crowd", "recovered") + " > 0")
	assert.Zero(t, labtest.Eval[int](tab, counted("crowd", "lost")+" + "+counted("crowd", "twice")))
	tab.WaitText("#events", "connected again, state recovered")
}

// TestClusterWithoutTheKey: without the key, the demo can be watched and used, not switched.
func TestClusterWithoutTheKey(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(run(t, "cluster", lang.English))
	tab.WaitFor(clusterUp)
	tab.WaitFor(
		`[...document.querySelectorAll(".controls :is(button, input)")].every((b) => b.disabled) && [...document.querySelectorAll(".server button")].every((b) => b.hidden)`)
	tab.WaitFor(
		`document.getElementById("locked").checkVisibility() && document.getElementById("locked").textContent.includes("the person who started")`)
	assert.Equal(t, 403, labtest.Eval[int](tab,
		`fetch("/lab/cluster", {method: "POST", body: '{"sticky":"off"}'}).then((r) => r.status)`))
	enter(tab, "#text", "hi")
	tab.WaitText("#hops", "It reached 10 of 10 clients.")
}

// TestClusterXray: with the key, the x-ray shows the traffic between the servers and Redis.
func TestClusterXray(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(teacher.URL(run(t, "cluster", lang.English)))
	tab.WaitFor(clusterUp)
	tab.WaitFor(`document.getElementById("x-body")`)
	labtest.Eval[any](tab,
		`document.getElementById("x-body").hidden && document.getElementById("x-toggle").click()`)
	tab.WaitFor(
		`[...document.querySelectorAll("#x-whose option")].some((o) => o.value === "everyone" && !o.disabled)`)
	labtest.Eval[any](tab,
		`((s) => { s.value = "everyone"; s.dispatchEvent(new Event("change")); })(document.getElementById("x-whose"))`)
	enter(tab, "#text", "seen by the x-ray")
	labtest.Eval[any](tab,
		`((f) => { f.value = "broadcasts \"message\""; f.dispatchEvent(new Event("input")); })(document.getElementById("x-find"))`)
	tab.WaitFor(rowsShown +
		`.some((row) => row.includes("seen by the x-ray") && row.includes("broadcasts"))`)
	tab.Screenshot("cluster-xray")
}

func TestClusterLooks(t *testing.T) {
	browser := labtest.NewBrowser(t)
	axe := axe(t)
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		t.Run(string(language), func(t *testing.T) {
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Allow(inlineStyle)
			tab.Open(teacher.URL(run(t, "cluster", language)))
			tab.WaitFor(clusterUp)
			enter(tab, "#text", "hello")
			tab.WaitFor(`document.querySelectorAll("#hops li").length === 4`)
			for _, scheme := range []string{"light", "dark"} {
				for _, view := range viewports {
					tab.Viewport(view.width, 844)
					tab.ColorScheme(scheme)
					name := "cluster-" + string(language) + "-" + scheme + "-" + view.name
					assert.Empty(t, labtest.Eval[[]string](tab, faults), name)
					tab.Viewport(view.width, labtest.Eval[int64](tab,
						`document.documentElement.scrollHeight`))
					tab.WaitFor(
						`new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))`)
					tab.Screenshot(name)
				}
			}
			labtest.Eval[bool](tab, axe)
			assert.Empty(t, labtest.Eval[[]string](tab, violations))
		})
	}
}
