package facts

import (
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/lessons/websocket"
)

var typed = regexp.MustCompile("`(const w = new WebSocket.*?)`")

// TestSendDoesNotBlock runs the line that the WebSocket lesson lets a reader type.
func TestSendDoesNotBlock(t *testing.T) {
	url, _ := watched(t, "ws-echo")
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(url + "/blank")
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		line := typed.FindStringSubmatch(websocket.Lesson().Body.In(language))
		require.NotNil(t, line)
		waiting := labtest.Eval[int](tab,
			`new Promise((done) => { const console = { log: done }; `+line[1]+` })`)
		assert.Equal(t, 6_000_000, waiting, "bufferedAmount counts what send has taken")
	}
}

// TestAWrongAcceptFailsTheConnection: the browser checks Sec-WebSocket-Accept, and tells the page
// only 1006.
func TestAWrongAcceptFailsTheConnection(t *testing.T) {
	for name, accept := range map[string]string{"right": "",
		"of another key": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="} {
		t.Run(name, func(t *testing.T) {
			url := site(t, map[string]http.HandlerFunc{"/ws": func(w http.ResponseWriter,
				r *http.Request) {
				value := accept
				if value == "" {
					value = websocket.Accept(r.Header.Get("Sec-WebSocket-Key"))
				}
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return
				}
				defer conn.Close()
				_, _ = io.WriteString(conn,
					"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "+
						"Upgrade\r\nSec-WebSocket-Accept: "+value+"\r\n\r\n")
			}})
			tab := labtest.NewBrowser(t).Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(url)
			got := labtest.Eval[[]int](tab, `new Promise((done) => {
				const ws = new WebSocket("/ws");
				let opened = 0;
				ws.onopen = () => opened++;
				ws.onclose = ({ code }) => done([opened, code]);
			})`)
			opened := 0
			if name == "right" {
				opened = 1
			}
			assert.Equal(t, []int{opened, 1006}, got)
		})
	}
}
