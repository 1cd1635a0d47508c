package engineio_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/gorilla/websocket"

	"realtimelab/lessons/socketio/engineio"
)

// An echo server, and a client that speaks the protocol by hand. The packets of Engine.IO begin
// with their type: 0 open, 4 message.
func Example() {
	ended := make(chan engineio.Reason)
	server := engineio.NewServer(engineio.Config{OnSession: func(s *engineio.Session) {
		s.OnMessage(func(data []byte, binary bool) {
			if binary {
				s.Send(engineio.BinaryMessage(data))
				return
			}
			s.Send(engineio.TextMessage(data))
		})
		s.OnClose(func(reason engineio.Reason, err error) { ended <- reason })
	}})
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close(context.Background())

	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(web.URL, "http")+
		"/engine.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	read := func() string { _, packet, _ := conn.ReadMessage(); return string(packet) }
	fmt.Println(read()[:8])
	conn.WriteMessage(websocket.TextMessage, []byte("4hello"))
	fmt.Println(read())
	conn.WriteMessage(websocket.CloseMessage, nil)
	fmt.Println(<-ended)
	// Output:
	// 0{"sid":
	// 4hello
	// transport close
}
