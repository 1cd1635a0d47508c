package main

import (
	"log"
	"net/http"

	"realtimelab/lessons/socketio/sio"
)

const page = `<!doctype html><meta charset="utf-8"><script src="/socket.io/socket.io.js"></script>
<script>const socket = io();
socket.on("chat message", (text) => document.body.append(text, document.createElement("br")));</script>
<input onchange="socket.emit('chat message', value); value = ''" autofocus aria-label="Message"><br>`

func main() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("chat message", func(text string) { io.Emit("chat message", text) })
	})
	http.Handle("/socket.io/", io) // serves the browser client, too
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(page)) })
	log.Fatal(http.ListenAndServe("127.0.0.1:4000", nil))
}
