package class

import (
	"context"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// TestPage: the board in a browser, as the class sees it and as the teacher does, behind the server that the lab uses.
func TestPage(t *testing.T) { labtest.InEveryEngine(t, boardPage) }

func boardPage(t *testing.T, browser *labtest.Browser) {
	b := NewBoard([]Column{
		{"cursor", "longpoll", lang.Text{EN: "The cursor", ZH: "游标"}},
		{"hold", "longpoll", lang.Text{EN: "Hold it", ZH: "挂起"}},
		{"flush", "longconn", lang.Text{EN: "Send it now", ZH: "现在就发"}},
	})
	b.code = code
	site := &Site{Board: b, Page: os.DirFS("../../../web/class"), Shared: os.DirFS("../../../web/shared"), Key: "teacher"}
	ctx, cancel := context.WithCancel(context.Background())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "http://" + listener.Addr().String()
	site.URL = url
	server := httpserver.New(httpserver.Config{
		Handler: site.Handler(), Hosts: httpserver.NewHosts(listener.Addr()), BaseContext: func(net.Listener) context.Context { return ctx },
	})
	go func() { _ = server.Serve(server.Track(listener)) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, server.Close(context.Background()))
	})

	class := browser.Tab(t)
	class.Open(url)
	class.WaitText("#empty", "Nobody has joined yet.")
	class.WaitText("#status", "live")
	class.WaitText("#command", "lab exercise watch --class "+url+" --code CODE --name NAME")
	class.WaitFor(`!document.getElementById("ask").hidden && document.getElementById("code").naturalWidth > 0`)

	name := `<img src=x onerror="x()"`
	ann, err := b.Join("Ann", "", code)
	require.NoError(t, err)
	evil, err := b.Join(name, "", code)
	require.NoError(t, err)
	require.NoError(t, b.Report(ann, map[string]exercise.State{"cursor": exercise.Done, "hold": exercise.Started}, "hold"))
	require.NoError(t, b.Report(evil, map[string]exercise.State{"cursor": exercise.Done, "hold": exercise.Done, "flush": exercise.Done}, ""))
	class.WaitText("#count", "2 here")
	class.WaitFor(`[...document.querySelectorAll("tbody th")].map((e) => e.textContent).sort().join() === ` + "`" + name + ",Ann`")
	class.WaitFor(`document.querySelectorAll("tbody img, tbody button").length === 0`)
	class.WaitFor(`document.querySelectorAll(".cell.done:not(.legend *)").length === 4 && document.querySelectorAll("tbody .cell.here").length === 1`)
	class.WaitFor(`document.querySelector("tbody .cell.here").title === "hold: Hold it (begun, at it now)"`)
	labtest.Eval[any](class, `(() => { const order = document.getElementById("order"); order.value = "solved"; order.dispatchEvent(new Event("change")); })()`)
	class.WaitFor(`document.querySelector("tbody tr td").textContent === "3/3" && document.querySelector("tbody tr td:nth-of-type(2)").textContent === "all solved"`)
	class.Click("#lang")
	class.WaitText("#count", "2 人")
	class.WaitFor(`document.documentElement.lang === "zh-CN" && document.querySelector("#empty").hidden`)
	class.Viewport(360, 640)
	class.WaitFor(`document.documentElement.scrollWidth <= innerWidth`)
	class.Click("#lang")

	teacher := browser.Tab(t)
	teacher.Open(url + "/#key=teacher")
	teacher.WaitText("#command", "lab exercise watch --class "+url+" --code "+code+" --name NAME")
	teacher.WaitFor(`location.hash === "" && document.getElementById("ask").hidden`)
	teacher.Click(`button[aria-label="Remove Ann"]`)
	teacher.WaitText("#count", "1 here")
	class.WaitText("#count", "1 here")
	assert.ErrorIs(t, b.Report(ann, nil, ""), ErrRemoved)
	teacher.Screenshot("class-teacher")
	class.Screenshot("class")
}
