// Command first is a chat: a server and the page that it serves.
package main

import (
	"embed"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"realtimelab/lessons/socketio/sio"
)

//go:embed index.html
var page embed.FS

func main() {
	addr := flag.String("addr", "127.0.0.1:4000", "address to listen on")
	flag.Parse()

	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("chat message", func(text string) { io.Emit("chat message", text) })
	})
	http.Handle("/socket.io/", io) // the browser client, too: /socket.io/socket.io.js
	http.Handle("/", http.FileServerFS(page))

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, nil))
}
