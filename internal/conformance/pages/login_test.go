package pages

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// knowsHostile waits until the page has logged in and the page of another origin beside it is
// there.
func knowsHostile(tab *labtest.Tab) {
	tab.WaitFor(
		`document.getElementById("happened").textContent.length > 0 && document.body.dataset.hostile === "ready"`)
}

// setCheck switches a check by the page's checkbox, and waits until all pages know it.
func setCheck(tab *labtest.Tab, name string, on bool) {
	tab.WaitFor(`!document.querySelector("#switches [name=` + name + `]").disabled`)
	labtest.Eval[bool](tab,
		fmt.Sprintf(
			`(() => { const box = document.querySelector("#switches [name=%s]"); if (box.checked !== %t) box.click(); return true; })()`, name, on))
	tab.WaitFor(fmt.Sprintf(`document.body.dataset.checks.split(" ").includes(%q) === %t`,
		name, on))
}

// putSite puts the page of another origin on another site, or on the same.
func putSite(tab *labtest.Tab, which string) {
	labtest.Eval[bool](tab, `(() => {
		const select = document.getElementById("site");
		if (select.value === "`+which+`") return true;
		document.body.dataset.hostile = "";
		select.value = "`+which+`";
		select.dispatchEvent(new Event("change"));
		return true;
	})()`)
	tab.WaitFor(`document.body.dataset.hostile === "ready"`)
}

// attack runs an attack of the page of another origin, as its button does, and returns the outcome:
// "refused", "stolen" if it has this session's note, or "read" for another answer.
func attack(tab *labtest.Tab, name string) string {
	labtest.Eval[bool](tab, `(() => {
		document.body.dataset.outcome = "";
		document.querySelector("#attacks [value=`+name+`]").click();
		return true;
	})()`)
	tab.WaitFor(`document.body.dataset.outcome !== ""`)
	return labtest.Eval[string](tab, `document.body.dataset.outcome`)
}

var attackNames = []string{"websocket", "socketio", "script", "polling", "rebinding"}

// TestEveryCheckStopsItsAttacks switches each check off and on, with all others off and on, and
// lets the page of another origin try every attack in Chromium, from another site and from the
// same. Private windows block third-party cookies, so the browser uses an ordinary window.
func TestEveryCheckStopsItsAttacks(t *testing.T) {
	tab := labtest.NewSharedBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Allow("WebSocket connection to")
	tab.Open(teacher.URL(run(t, "login", lang.English)))
	knowsHostile(tab)
	all := []string{"origin", "host", "sameSite", "token", "script", "limits"}
	only := func(on ...string) {
		for _, name := range all {
			wanted := false
			for _, o := range on {
				wanted = wanted || o == name
			}
			setCheck(tab, name, wanted)
		}
	}
	outcomes := func() (got []string) {
		for _, name := range attackNames {
			if attack(tab, name) != "refused" {
				got = append(got, name)
			}
		}
		return got
	}

	only(all...)
	putSite(tab, "other")
	assert.Empty(t, outcomes(), "all checks are on")

	only("host")
	assert.Equal(t, []string{"websocket", "socketio", "script", "polling"}, outcomes(),
		"with no check against them, all others get the note")
	tab.WaitText("#happened", "the page of another origin has your note")
	only()
	assert.Equal(t, []string{"websocket", "socketio", "script", "polling", "rebinding"}, outcomes(),
		"without any check")

	only("host", "origin")
	assert.Empty(t, outcomes(), "Origin and Sec-Fetch-Site name every foreign page")
	only("host", "sameSite")
	assert.Empty(t, outcomes(), "the cookie stays at home")
	only("host", "token")
	assert.Equal(t, []string{"script"}, outcomes(),
		"a cookie alone opens no connection; a script needs none")
	only("host", "script")
	assert.Equal(t, []string{"websocket", "socketio"}, outcomes(), "without JSONP")

	putSite(tab, "same")
	only("host", "sameSite")
	assert.Equal(t, []string{"websocket", "socketio", "script", "polling"}, outcomes(),
		"another port is the same site")
	only("host", "origin")
	assert.Empty(t, outcomes())
	only("origin", "sameSite", "token", "script")
	assert.Equal(t, []string{"rebinding"}, outcomes(), "only Host stops it")

	only(all...)
	assert.Empty(t, outcomes(), "all checks are on again")
}

// TestStolenBytes: the page of another origin shows its loot, and the access log shows the
// credential in the URL.
func TestStolenBytes(t *testing.T) {
	tab := labtest.NewSharedBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Allow("WebSocket connection to")
	tab.Open(teacher.URL(run(t, "login", lang.English)))
	knowsHostile(tab)
	assert.Equal(t, "refused", attack(tab, "websocket"))
	tab.WaitText("#log .other", "→ 403")
	tab.WaitText("#log .other", "Origin: http://localhost:")
	tab.WaitText("#log .other", "without the session's cookie")
	setCheck(tab, "origin", false)
	assert.Equal(t, "refused", attack(tab, "websocket"))
	tab.WaitText("#log .other:last-child", "→ 401")
	setCheck(tab, "sameSite", false)
	assert.Equal(t, "refused", attack(tab, "websocket"))
	tab.WaitText("#log .other:last-child", "with the session's cookie")
	setCheck(tab, "token", false)
	assert.Equal(t, "stolen", attack(tab, "websocket"))
	tab.WaitText("#log .other:last-child", "→ 101")
}

// TestChecksNeedTheKey: without the key the switches are shown and cannot be changed, and another
// page sees a change at once.
func TestChecksNeedTheKey(t *testing.T) {
	url := run(t, "login", lang.English)
	student := labtest.NewBrowser(t).Tab(t)
	student.AllowNetworkErrors()
	student.Allow("WebSocket connection to")
	student.Viewport(1280, 720)
	student.Open(url)
	knowsHostile(student)
	assert.True(t, labtest.Eval[bool](student,
		`[...document.querySelectorAll("#switches input")].every((box) => box.disabled && box.checked)`))
	assert.True(t, labtest.Eval[bool](student, `!document.getElementById("locked").hidden`))
	assert.Equal(t, int64(403), labtest.Eval[int64](student,
		`fetch("/lab/login/checks", { method: "POST", body: '{"origin":false}' }).then((r) => r.status)`))
	assert.Equal(t, "refused", attack(student, "websocket"))
	// which brought no cookie of the x-ray
	student.WaitFor(
		`document.querySelector("#ladder .arrow.other.up") !== null && document.querySelector("#ladder .arrow.other.down") !== null`)
	keyed := labtest.NewBrowser(t).Tab(t)
	keyed.AllowNetworkErrors()
	keyed.Open(teacher.URL(url))
	knowsHostile(keyed)
	setCheck(keyed, "limits", false)
	student.WaitFor(`!document.querySelector("#switches [name=limits]").checked`)
}

// TestWhatAThiefSees: for each way to log in, the page marks the credential in the bytes of the
// x-ray.
func TestWhatAThiefSees(t *testing.T) {
	labtest.InEveryEngine(t, func(t *testing.T, browser *labtest.Browser) {
		tab := browser.Tab(t)
		tab.AllowNetworkErrors()
		tab.Open(run(t, "login", lang.English))
		knowsHostile(tab)
		for _, tc := range []struct{ transport, way, before, secret string }{
			{"websocket", "cookie", "Cookie:", `^session-\d+=[\w-]{22}$`},
			{"sse", "cookie", "Cookie:", `^session-\d+=[\w-]{22}$`},
			{"websocket", "ticket", "ticket=", `^[\w-]{22}$`},
			{"sse", "ticket", "ticket=", `^[\w-]{22}$`},
			{"socketio", "ticket", "ticket=", `^[\w-]{22}$`},
			{"socketio", "token", `40{"token":"`, `^[\w-]+\.[\w-]{43}$`},
			{"websocket", "hello", `{"token":"`, `^[\w-]+\.[\w-]{43}$`},
		} {
			name := tc.transport + " by " + tc.way
			labtest.Eval[bool](tab, fmt.Sprintf(`(() => {
				document.getElementById("bytes").replaceChildren();
				const [transport, way] = [document.getElementById("transports"), document.getElementById("ways")];
				transport.value = %q; transport.dispatchEvent(new Event("change"));
				way.value = %q;
				document.getElementById("send").click();
				return true;
			})()`, tc.transport, tc.way))
			tab.WaitFor(
				`document.querySelector("#bytes mark") !== null && document.querySelector("#status.good") !== null`)
			assert.Regexp(t, tc.secret, labtest.Eval[string](tab,
				`document.querySelector("#bytes mark").textContent`), name)
			assert.Contains(t, labtest.Eval[string](tab,
				`document.getElementById("bytes").textContent`), tc.before, name)
		}
		click(tab, "bytesShow")
		tab.WaitText("#x-anatomy", "token")
	})
}

// TestLoginPageActs presses the buttons that the steps do not press.
func TestLoginPageActs(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Allow("WebSocket connection to")
	tab.Open(run(t, "login", lang.English))
	knowsHostile(tab)
	click(tab, "forge")
	tab.WaitText("#happened", "Closed, 4401: the token is not signed by this server.")
	click(tab, "silence")
	tab.WaitText("#happened", "Closed, 4408: the first message did not come in time.")
	click(tab, "send")
	tab.WaitText("#happened", "The server knows you")
	click(tab, "logOut")
	tab.WaitText("#happened", "Closed, 4401: logged out.")
	click(tab, "floodHandshakes")
	tab.WaitFor(
		`/60 handshakes at once: \d+ accepted, [1-9]\d* refused with 429/.test(document.getElementById("happened").textContent)`)
}
