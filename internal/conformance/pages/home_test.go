package pages

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/site"
	"realtimelab/lessons"
	"realtimelab/web"
)

// serveLab serves the home page and some demos, as `lab serve` does. end stops a demo.
func serveLab(t *testing.T, language lang.Lang, demos ...string) (home string,
	urls map[string]string, end func(demo string)) {
	t.Helper()
	c := host.Config{
		Course: lessons.All(), Directory: &site.Directory{}, Web: web.Pages, Lang: language,
		Key: teacher, Log: slog.New(slog.DiscardHandler),
		Join: []string{"http://192.0.2.1:3000"},
	}
	listen := func() (url string) {
		var err error
		c.Listener, err = net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		return "http://" + c.Listener.Addr().String()
	}
	running := map[string]interface{ Close(context.Context) error }{}
	end = func(demo string) {
		if running[demo] == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, running[demo].Close(ctx))
		delete(running, demo)
	}
	home = listen()
	served, err := host.ServeHome(c)
	require.NoError(t, err)
	running["home"] = served
	t.Cleanup(func() { end("home") })
	urls = map[string]string{}
	for _, name := range demos {
		c.Lesson, c.Demo = find(t, name)
		urls[name] = listen()
		running[name], err = host.Start(c)
		require.NoError(t, err)
		t.Cleanup(func() { end(name) })
	}
	return home, urls, end
}

// TestHomePage follows the home page to a demo and on, and watches the demos' states.
func TestHomePage(t *testing.T) {
	only(t, "broadcast")
	labtest.InEveryEngine(t, func(t *testing.T, browser *labtest.Browser) {
		home, urls, end := serveLab(t, "", "broadcast", "ws-chat")
		tab, other := browser.Tab(t), browser.Tab(t)
		tab.Viewport(1280, 720)
		tab.AllowNetworkErrors()
		other.AllowNetworkErrors() // its WebSocket ends when the page is left
		tab.Open(home + "/#key=" + strings.TrimPrefix(teacher.Bearer(), "Bearer "))
		assert.Equal(t, "Start here", textOf(tab, "#start"))
		state := func(demo string) string {
			return `document.querySelector("[data-demo=` + demo + `] .state b").textContent`
		}
		assert.Equal(t, "0", labtest.Eval[string](tab, state("ws-chat")))
		assert.True(t, labtest.Eval[bool](tab,
			`document.querySelector("[data-demo=sse] .command").checkVisibility()`))
		other.Open(urls["ws-chat"])
		tab.WaitFor(state("ws-chat") + ` === "2"`) // the page and its second window
		end("ws-chat")
		tab.WaitFor(`document.querySelector("[data-demo=ws-chat] .command").checkVisibility()`)
		assert.False(t, labtest.Eval[bool](tab,
			`document.querySelector("[data-demo=ws-chat] a").hasAttribute("href")`))

		before := labtest.Eval[string](tab, `getComputedStyle(document.body).backgroundColor`)
		tab.Click("#theme")
		const link = `document.querySelector("[data-demo=broadcast] a")`
		tab.WaitFor(`sessionStorage.getItem("key") !== null && new URL(` + link +
			`.href).searchParams.has("theme")`)
		followed := labtest.Eval[string](tab, `new Promise((done) => {
			addEventListener("click", (event) => { event.preventDefault(); done(`+link+
			`.href); }, { once: true });
			`+link+`.click();
		})`)
		assert.Contains(t, followed, "#key=", "the key travels")
		tab.WaitFor(link + `.hash === ""`) // a browser shows the address of a link
		tab.Open(followed)
		bothWindows(tab)
		assert.NotEqual(t, before, labtest.Eval[string](tab,
			`getComputedStyle(document.body).backgroundColor`), "the theme travels to another port")
		assert.Equal(t, "?lang=en", labtest.Eval[string](tab, `location.search`),
			"the theme leaves the address")
		tab.WaitFor(
			`document.cookie === "" && sessionStorage.getItem("key") !== null && location.hash === ""`)
		follow(tab, "#lesson")
		tab.WaitFor(`document.getElementById("broadcast") !== null`)
		assert.Equal(t, "Broadcast", labtest.Eval[string](tab,
			`document.getElementById("broadcast").closest("h2").textContent`),
			"the paragraph about the demo")
	})
}

// TestBar uses the bar's menus by keyboard and by mouse, on a laptop and on a phone.
func TestBar(t *testing.T) {
	only(t, "broadcast")
	labtest.InEveryEngine(t, func(t *testing.T, browser *labtest.Browser) {
		home, _, _ := serveLab(t, "", "broadcast")
		tab := browser.Tab(t)
		tab.Viewport(1280, 720)
		tab.Open(home + "/lab/lesson/websocket")
		const open = `document.querySelector(".bar .menu").open`
		tab.Press(".bar summary", "Enter")
		tab.WaitFor(open)
		assert.Equal(t, "WebSocket", labtest.Eval[string](tab,
			`document.querySelector(".panel [aria-current=page]").textContent`))
		tab.Press(".bar .panel a", "Escape")
		tab.WaitFor(`!` + open)
		assert.True(t, labtest.Eval[bool](tab, `document.activeElement.matches(".bar summary")`),
			"the focus returns")
		tab.Click(".bar summary")
		tab.WaitFor(open)
		tab.Click("main")
		tab.WaitFor(`!` + open)

		tab.Viewport(390, 844)
		const lang = `document.getElementById("lang").checkVisibility()`
		tab.WaitFor(`!` + lang)
		tab.Click("#fold")
		tab.WaitFor(lang)
		tab.Press("#lang", "Escape")
		tab.WaitFor(`!` + lang)
		assert.True(t, labtest.Eval[bool](tab, `document.activeElement.id === "fold"`))
		tab.Click("#fold")
		tab.Click("main")
		tab.WaitFor(`!` + lang)
	})
}

// TestHomeLooks opens the home page and a demo as students will. LAB_SCREENSHOTS keeps pictures.
func TestHomeLooks(t *testing.T) {
	only(t, "broadcast")
	browser := labtest.NewBrowser(t)
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		t.Run(string(language), func(t *testing.T) {
			t.Parallel()
			home, urls, _ := serveLab(t, language, "short-polling", "broadcast")
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			for i, view := range []struct {
				name  string
				width int64
			}{{"laptop", 1280}, {"projector", 1920}, {"phone", 390}, {"narrow", 320}} {
				name := strings.Join([]string{"home", string(language), schemeIn(language, i),
					view.name}, "-")
				tab.ColorScheme(schemeIn(language, i))
				tab.Viewport(view.width, 720)
				tab.Open(home)
				assert.LessOrEqual(t, labtest.Eval[float64](tab, shift), 0.05, name)
				tab.Screenshot(name)
				labtest.Eval[bool](tab,
					`(document.querySelectorAll(".practice").forEach((d) => { d.open = true; }), true)`)
				assert.Empty(t, labtest.Eval[[]string](tab, faults), name)
				assert.Empty(t, labtest.Eval[[]string](tab, structure), name)
				labtest.Eval[bool](tab,
					`(document.getElementById("fold").click(), document.querySelector(".bar .menu").open = true)`)
				assert.Empty(t, labtest.Eval[[]string](tab, faults), name+", menu")
				tab.Screenshot(name + "-menu")

				tab.Open(urls["broadcast"])
				bothWindows(tab)
				assert.LessOrEqual(t, labtest.Eval[float64](tab, shift), 0.05, "broadcast, "+name)
				if view.width == 1280 {
					assert.LessOrEqual(t, labtest.Eval[float64](tab,
						`document.querySelector(".top").offsetHeight`), 64.0,
						"the head of a demo is one line")
				}
			}
		})
	}
}
