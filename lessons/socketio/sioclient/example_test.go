package sioclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// start serves a Socket.IO server until stop is called.
func start(io *sio.Server) (url string, stop func()) {
	server := httptest.NewServer(io)
	return server.URL, func() {
		io.Close(context.Background())
		server.Close()
	}
}

// The lecture's chat: handlers are added before the socket connects, so that no event is missed.
func ExampleNew() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.Emit("chat message", "welcome")
		s.On("chat message", func(msg string) { io.Emit("chat message", msg) })
	})
	url, stop := start(io)
	defer stop()

	s, err := sioclient.New(url, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	heard := make(chan string)
	s.On("chat message", func(msg string) { heard <- msg })
	if err := s.Connect(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	s.Emit("chat message", "hello")
	fmt.Println(<-heard)
	fmt.Println(<-heard)
	// Output:
	// welcome
	// hello
}

// Config.Setup adds the handlers of a dialed socket in time.
func ExampleDial() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) { s.Emit("time", "12:00") })
	url, stop := start(io)
	defer stop()

	heard := make(chan string)
	s, err := sioclient.Dial(context.Background(), url, sioclient.Config{
		Setup: func(s *sioclient.Socket) { s.On("time", func(now string) { heard <- now }) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	fmt.Println(<-heard)
	// Output: 12:00
}

// An acknowledgement goes either way. Ask decodes it; EmitWithAck returns all its arguments.
func ExampleAsk() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("ferret", func(name string, ack sio.Ack) { ack("woot, " + name) })
		s.On("sum", func(numbers []int, ack func(sum, count int)) {
			sum := 0
			for _, n := range numbers {
				sum += n
			}
			ack(sum, len(numbers))
		})
		s.On("never", func(ack sio.Ack) {})
	})
	url, stop := start(io)
	defer stop()

	ctx := context.Background()
	s, err := sioclient.Dial(ctx, url, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	answer, err := sioclient.Ask[string](ctx, s, "ferret", "tobi")
	fmt.Println(answer, err)
	args, err := s.EmitWithAck(ctx, "sum", []int{1, 2, 3})
	fmt.Println(args.Any(0), args.Any(1), err)

	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = s.EmitWithAck(short, "never")
	fmt.Println(err)
	// Output:
	// woot, tobi <nil>
	// 6 3 <nil>
	// context deadline exceeded
}

// A lost connection is restored by itself. The socket keeps events that are emitted meanwhile, and
// sends them when it is connected again.
func ExampleSocket_OnDisconnect() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("echo", func(text string, ack sio.Ack) { ack(text) })
	})
	url, stop := start(io)
	defer stop()

	s, err := sioclient.New(url, sioclient.Config{ReconnectionDelay: 10 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	s.OnConnect(func() { fmt.Println("connected") })
	lost := make(chan bool, 2)
	s.OnDisconnect(func(reason sioclient.Reason, err error) {
		fmt.Println("disconnected:", reason)
		lost <- true
	})
	if err := s.Connect(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	io.Socket(s.ID()).Conn().Close() // the server closes the connection
	<-lost
	fmt.Println(sioclient.Ask[string](context.Background(), s, "echo", "still here"))
	// Output:
	// connected
	// disconnected: transport close
	// connected
	// still here <nil>
	// disconnected: io client disconnect
}

// Several namespaces share one connection. Each has a socket of its own.
func ExampleManager_Socket() {
	io := sio.NewServer(sio.Config{})
	for _, name := range []string{"/chat", "/news"} {
		io.Of(name).OnConnection(func(s *sio.Socket) {
			s.On("where", func(ack func(string)) { ack(name) })
		})
	}
	url, stop := start(io)
	defer stop()

	ctx := context.Background()
	m, err := sioclient.NewManager(url, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	for _, name := range []string{"/chat", "/news"} {
		s := m.Socket(name)
		if err := s.Connect(ctx); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(sioclient.Ask[string](ctx, s, "where"))
	}
	fmt.Println(io.Clients(), "connection")
	// Output:
	// /chat <nil>
	// /news <nil>
	// 1 connection
}

// Config.Auth is called for each CONNECT, so a token that has expired can be replaced.
func ExampleConnectError() {
	io := sio.NewServer(sio.Config{})
	io.Use(func(s *sio.Socket) error {
		var auth struct {
			Token string `json:"token"`
		}
		if err := s.Handshake().Auth(&auth); err != nil || auth.Token != "fresh" {
			return &sio.ConnectError{Message: "not authorized",
				Data: map[string]string{"try": "fresh"}}
		}
		return nil
	})
	url, stop := start(io)
	defer stop()

	token := "expired"
	s, err := sioclient.New(url, sioclient.Config{
		Auth: func() any { return map[string]string{"token": token} },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	err = s.Connect(context.Background())
	var refused *sioclient.ConnectError
	if errors.As(err, &refused) {
		var data struct {
			Try string `json:"try"`
		}
		fmt.Println(refused.Message, refused.Data(&data))
		token = data.Try
	}
	fmt.Println(s.Connect(context.Background()))
	// Output:
	// not authorized <nil>
	// <nil>
}
