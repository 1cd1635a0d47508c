// Command chat is a chat room: everyone sees who joins, types, writes and leaves.
package main

import (
	"embed"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync/atomic"

	"realtimelab/lessons/socketio/sio"
)

//go:embed index.html
var page embed.FS

// A notice says who has joined or left, and how many people remain.
type notice struct {
	Username string `json:"username,omitempty"`
	NumUsers int64  `json:"numUsers"`
}

// A message comes from one person. Without text it says that the person types.
type message struct {
	Username string `json:"username"`
	Message  string `json:"message,omitempty"`
}

func main() {
	addr := flag.String("addr", "127.0.0.1:4000", "address to listen on")
	flag.Parse()

	io := sio.NewServer(sio.Config{})
	var people atomic.Int64 // handlers of different sockets run at the same time
	io.OnConnection(func(s *sio.Socket) {
		var name string // handlers of one socket do not
		s.On("add user", func(username string) {
			if name != "" || username == "" {
				return
			}
			name = username
			n := people.Add(1)
			s.Emit("login", notice{NumUsers: n})
			s.Broadcast().Emit("user joined", notice{name, n})
		})
		s.On("new message", func(text string) {
			s.Broadcast().Emit("new message", message{name, text})
		})
		s.On("typing", func() { s.Broadcast().Emit("typing", message{Username: name}) })
		s.On("stop typing", func() { s.Broadcast().Emit("stop typing", message{Username: name}) })
		s.OnDisconnect(func(sio.Reason) {
			if name != "" {
				s.Broadcast().Emit("user left", notice{name, people.Add(-1)})
			}
		})
	})

	http.Handle("/socket.io/", io)
	http.Handle("/", http.FileServerFS(page))
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, nil))
}
