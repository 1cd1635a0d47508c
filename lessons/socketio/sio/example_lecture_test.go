package sio_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// Two namespaces share a client's connection, and each has its own handlers.
func ExampleServer_Of() {
	io := sio.NewServer(sio.Config{})
	io.Of("/chat").OnConnection(func(s *sio.Socket) {
		s.Emit("a message", map[string]string{"that": "only", "/chat": "will get"})
	})
	io.Of("/news").OnConnection(func(s *sio.Socket) {
		s.Emit("news", map[string]string{"news": "item"})
	})
	web := httptest.NewServer(io)
	defer web.Close()
	defer io.Close(context.Background())

	client, err := sioclient.NewManager(web.URL, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	chat, news := client.Socket("/chat"), client.Socket("/news")
	messages, items := make(chan map[string]string), make(chan map[string]string)
	chat.On("a message", func(m map[string]string) { messages <- m })
	news.On("news", func(m map[string]string) { items <- m })
	for _, s := range []*sioclient.Socket{chat, news} {
		if err := s.Connect(context.Background()); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(<-messages)
	fmt.Println(<-items)
	fmt.Println(io.Clients(), "connection")
	// Output:
	// map[/chat:will get that:only]
	// map[news:item]
	// 1 connection
}

// An acknowledgement answers an event. Either side may ask; a handler that asks its own client does
// not stop the reading from it.
func ExampleAck() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("ferret", func(name string, ack sio.Ack) {
			color, err := sio.Ask[string](s.Context(), s, "which color?", name)
			if err != nil {
				return // the client has gone
			}
			ack("woot", color)
		})
	})
	web := httptest.NewServer(io)
	defer web.Close()
	defer io.Close(context.Background())

	s, err := sioclient.New(web.URL, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	s.On("which color?", func(name string, ack func(color string)) { ack("sable") })
	if err := s.Connect(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.EmitWithAck(context.Background(), "ferret", "tobi"))
	// Output: ["woot","sable"] <nil>
}

// Send is Emit of the event "message".
func ExampleSocket_Send() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("message", func(text string) {
			fmt.Println("server:", text)
			s.Send(222)
		})
	})
	web := httptest.NewServer(io)
	defer web.Close()
	defer io.Close(context.Background())

	s, err := sioclient.New(web.URL, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	heard := make(chan int)
	s.On("message", func(n int) { heard <- n })
	if err := s.Connect(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	s.Send("hi")
	fmt.Println("client:", <-heard)
	// Output:
	// server: hi
	// client: 222
}

// A client that loses its connection for a short time keeps its id, rooms and data, and receives
// what it has missed.
func ExampleRecovery() {
	io := sio.NewServer(sio.Config{Recovery: &sio.Recovery{MaxDisconnection: time.Minute}})
	joined, away := make(chan string, 2), make(chan bool, 2)
	io.OnConnection(func(s *sio.Socket) {
		if !s.Recovered() {
			s.Set("name", "ann")
			s.Join("news")
		}
		joined <- fmt.Sprint(s.Get("name"), ", recovered: ", s.Recovered())
		s.OnDisconnect(func(sio.Reason) { away <- true })
	})
	web := httptest.NewServer(io)
	defer web.Close()
	defer io.Close(context.Background())

	s, err := sioclient.New(web.URL, sioclient.Config{ReconnectionDelay: 100 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	heard := make(chan string)
	s.On("item", func(text string) { heard <- text })
	if err := s.Connect(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-joined)
	io.To("news").Emit("item", "one")
	fmt.Println(<-heard)
	io.Socket(s.ID()).Conn().Close() // the network fails
	<-away
	io.To("news").Emit("item", "two")
	fmt.Println(<-joined)
	fmt.Println(<-heard)
	// Output:
	// ann, recovered: false
	// one
	// ann, recovered: true
	// two
}

// RemoteSocket.Decode and Data read what Set has kept, on whichever server of a cluster the socket
// is.
func ExampleData() {
	type user struct {
		Name  string `json:"name"`
		Level int    `json:"level"`
	}
	io := sio.NewServer(sio.Config{})
	io.Use(func(s *sio.Socket) error {
		s.Set("name", "ann")
		s.Set("level", 3)
		return nil
	})
	web := httptest.NewServer(io)
	defer web.Close()
	defer io.Close(context.Background())
	s, err := sioclient.Dial(context.Background(), web.URL, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	players, err := io.FetchSockets(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, player := range players {
		fmt.Println(sio.Data[user](player))
	}
	// Output: {ann 3} <nil>
}

// The browser client is part of the server. A page loads /socket.io/socket.io.js.
func ExampleNewServer() {
	io := sio.NewServer(sio.Config{})
	defer io.Close(context.Background())
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest("GET", "/socket.io/socket.io.js", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	// Output: 200 application/javascript; charset=utf-8
}
