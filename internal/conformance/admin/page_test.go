package admin

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sio/admin"
	"realtimelab/lessons/socketio/sioclient"
)

// page serves the official page. Its fonts are on other sites, which a test does not load.
func page(dir string) http.Handler {
	files := http.FileServer(http.Dir(filepath.Join(dir, "node_modules", "@socket.io", "admin-ui",
		"ui", "dist")))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; connect-src *; style-src 'self' "+
				"'unsafe-inline'; img-src 'self' data:")
		files.ServeHTTP(w, r)
	})
}

// A visitor looks at the page.
type visitor struct {
	*testing.T
	*labtest.Tab
	url string
}

func visit(t *testing.T, browser *labtest.Browser, url string) visitor {
	t.Helper()
	tab := browser.Tab(t)
	tab.Allow("Content Security Policy", "Content-Security-Policy")
	tab.AllowNetworkErrors()
	tab.Viewport(1280, 900)
	tab.Open(url + "/")
	return visitor{t, tab, url}
}

// fill writes into an input, as typing does.
func (v visitor) fill(selector, text string) {
	v.Helper()
	v.WaitFor(`((e) => e && (e.value = ` + quote(text) +
		`, e.dispatchEvent(new Event("input")), true))(document.querySelector(` +
		quote(selector) + `))`)
}

func quote(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

func (v visitor) login(password string) {
	v.Helper()
	v.fill("form .v-text-field:nth-of-type(1) input", v.url)
	v.fill("form .v-text-field:nth-of-type(2) input", "admin")
	v.fill("form input[type=password]", password)
	v.Click("form button[type=submit]")
}

// loggedIn waits until the dialog has gone.
func (v visitor) loggedIn() {
	v.Helper()
	v.WaitFor(`!document.querySelector(".v-dialog--active")`)
}

// show goes to one of the page's views.
func (v visitor) show(view string) {
	v.Helper()
	labtest.Eval[any](v.Tab, `(location.hash = `+quote("#"+view)+`, null)`)
}

// row is the expression of the table's row that contains a text.
func row(text string) string {
	return `[...document.querySelectorAll("tbody tr")].find((row) => row.textContent.includes(` +
		quote(text) + `))`
}

// hasRow waits for a row of the table with these cells.
func (v visitor) hasRow(cells ...string) {
	v.Helper()
	want, err := json.Marshal(cells)
	require.NoError(v, err)
	v.WaitFor(`[...document.querySelectorAll("tbody tr")].some((row) => ` + string(want) +
		`.every((text) => [...row.cells].some((cell) => cell.textContent.trim() === text)))`)
}

func (v visitor) clickIn(text, what string) {
	v.Helper()
	v.WaitFor(`((e) => e && !e.disabled && (e.click(), true))(` + row(text) + `?.querySelector(` +
		quote(what) + `))`)
}

func connect(t *testing.T, url string) (*sioclient.Socket, <-chan string) {
	t.Helper()
	heard := make(chan string, 100)
	s, err := sioclient.Dial(t.Context(), url, sioclient.Config{
		Transports: []string{sioclient.WebSocket}, NoReconnect: true,
		Setup: func(s *sioclient.Socket) {
			s.OnAny(func(event string, args sioclient.Args) { heard <- event + args.String() })
		},
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s, heard
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, time.Minute, 5*time.Millisecond, what)
}

func TestTheOfficialPage(t *testing.T) {
	browser := labtest.NewBrowser(t)
	io, url := start(t, admin.Config{}, page(needed(t)))
	a, _ := connect(t, url) // so that the page shows the main namespace first
	v := visit(t, browser, url)
	v.login("wrong")
	v.WaitText("form .red--text", "Invalid credentials")
	assert.Zero(t, io.Of("/admin").Len())
	v.login("changeit")
	v.loggedIn()
	assert.Equal(t, 1, io.Of("/admin").Len())

	rooms := func(s *sioclient.Socket) []string { return io.Socket(s.ID()).Rooms()[1:] }
	v.show("/sockets/")
	v.hasRow(a.ID(), "127.0.0.1")
	v.Screenshot("admin-sockets")
	v.show("/rooms/")
	v.hasRow("hall", "1")
	b, _ := connect(t, url)
	v.hasRow("hall", "2")
	v.hasRow("early", "2")
	v.Screenshot("admin-rooms")

	v.show("/events/")
	require.NoError(t, a.Emit("echo", "a text to see"))
	v.WaitFor(row("echoed") + `.textContent.includes(` + quote(a.ID()) + `)`)
	v.WaitFor(`[...document.querySelectorAll("tbody code")].some((code) => code.textContent === "echo")`)
	v.clickIn("echoed", "button")
	v.WaitText("pre code", "a text to see")
	v.Screenshot("admin-events")

	// One socket joins a room, and leaves it.
	v.show("/n/%2F/sockets/" + a.ID())
	v.fill(".select-room input", "kitchen")
	v.Click("form:has(.select-room) button[type=submit]")
	v.WaitFor(row("kitchen"))
	assert.Equal(t, []string{"early", "hall", "kitchen"}, rooms(a))
	assert.Equal(t, []string{"early", "hall"}, rooms(b))
	v.Screenshot("admin-socket")
	v.clickIn("kitchen", "button")
	v.show("/n/%2F/sockets/" + a.ID()) // a click on a row also opens what it stands for
	v.WaitFor(row("hall") + ` && !` + row("kitchen"))
	assert.Equal(t, []string{"early", "hall"}, rooms(a))

	// All sockets leave a room.
	v.show("/rooms/")
	v.clickIn("hall", "button")
	v.show("/rooms/")
	v.WaitFor(row("early") + ` && !` + row("hall"))
	assert.Equal(t, [][]string{{"early"}, {"early"}}, [][]string{rooms(a), rooms(b)})

	// The numbers change.
	v.show("/servers/")
	v.hasRow("one", "3")
	before := labtest.Eval[string](v.Tab, row("one")+`.textContent`)
	v.WaitFor(row("one") + `.textContent !== ` + quote(before))
	v.Screenshot("admin-servers")

	// A socket is disconnected.
	v.show("/sockets/")
	reason := make(chan sioclient.Reason, 1)
	a.OnDisconnect(func(r sioclient.Reason, _ error) { reason <- r })
	gone := a.ID() // a client without a connection has no id
	v.clickIn(gone, "button")
	v.show("/sockets/")
	v.WaitFor(`!` + row(gone) + ` && ` + row(b.ID()))
	assert.Equal(t, sioclient.Reason("io server disconnect"), <-reason)

	// A reload needs no password.
	eventually(t, "the page has kept the session", func() bool {
		return labtest.Eval[string](v.Tab, `localStorage.session_id ?? ""`) != ""
	})
	session := labtest.Eval[string](v.Tab, `localStorage.session_id`)
	old := ids(io.Of("/admin"))
	v.Open(url + "/?again")
	eventually(t, "the page is back", func() bool {
		now := ids(io.Of("/admin"))
		return len(now) == 1 && !slices.Equal(now, old)
	})
	v.loggedIn()
	assert.Equal(t, session, labtest.Eval[string](v.Tab, `localStorage.session_id`))
}

func ids(n *sio.Namespace) (all []string) {
	for _, s := range n.Sockets() {
		all = append(all, s.ID())
	}
	return all
}

func TestTheOfficialPageReadOnly(t *testing.T) {
	browser := labtest.NewBrowser(t)
	_, url := start(t, admin.Config{ReadOnly: true}, page(needed(t)))
	a, _ := connect(t, url)
	v := visit(t, browser, url)
	v.login("changeit")
	v.loggedIn()
	v.show("/sockets/")
	v.WaitFor(row(a.ID()))
	assert.Zero(t, labtest.Eval[int](v.Tab, row(a.ID())+`.querySelectorAll("button").length`))
	v.show("/rooms/")
	v.WaitFor(row("hall"))
	assert.Zero(t, labtest.Eval[int](v.Tab, row("hall")+`.querySelectorAll("button").length`))
}

func TestTheOfficialPageInProduction(t *testing.T) {
	browser := labtest.NewBrowser(t)
	_, url := start(t, admin.Config{Mode: admin.Production}, page(needed(t)))
	v := visit(t, browser, url)
	v.login("changeit")
	v.loggedIn()
	// dashboard and servers
	v.WaitFor(`document.querySelectorAll(".v-navigation-drawer .v-list-item").length === 2`)
	connect(t, url)
	v.show("/servers/")
	v.hasRow("one", "2")
	v.Screenshot("admin-production")
}

// A page of another origin may not be an admin, even if it can open the connection.
func TestTheOfficialPageOfAnotherOrigin(t *testing.T) {
	browser := labtest.NewBrowser(t)
	pages := page(needed(t))
	_, elsewhere := start(t, admin.Config{}, pages)
	io, url := start(t, admin.Config{}, nil)
	v := visit(t, browser, elsewhere)
	v.fill("form .v-text-field:nth-of-type(1) input", url)
	v.fill("form .v-text-field:nth-of-type(2) input", "admin")
	v.fill("form input[type=password]", "changeit")
	// advanced options
	v.WaitFor(`((e) => e && (e.click(), true))(document.querySelectorAll("form input[role=switch]")[0])`)
	// WebSocket only
	v.WaitFor(`((e) => e && (e.click(), true))(document.querySelectorAll("form input[role=switch]")[1])`)
	v.Click("form button[type=submit]")
	v.WaitText("form .red--text", "pages of this origin")
	assert.Zero(t, io.Of("/admin").Len())
}
