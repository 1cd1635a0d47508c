package sioclient_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

func ExampleDial() {
	url, stop := chatServer()
	defer stop()

	s, err := sioclient.Dial(context.Background(), url, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	heard := make(chan string)
	s.On("chat message", func(msg string) { heard <- msg })
	s.Emit("chat message", "hello")
	fmt.Println(<-heard)
	// Output: hello
}

// chatServer is a server of the lecture's chat.
func chatServer() (url string, stop func()) {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("chat message", func(msg string) { io.Emit("chat message", msg) })
	})
	server := httptest.NewServer(io)
	return server.URL, func() {
		io.Close(context.Background())
		server.Close()
	}
}
