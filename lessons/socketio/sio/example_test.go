package sio_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// start serves until stop is called.
func start(handler http.Handler, io *sio.Server) (url string, stop func()) {
	server := httptest.NewServer(handler)
	return server.URL, func() {
		io.Close(context.Background())
		server.Close()
	}
}

// enter connects a client that passes on what it hears.
func enter(url string, heard chan<- string, config sioclient.Config) *sioclient.Socket {
	s, err := sioclient.New(url, config)
	if err != nil {
		panic(err)
	}
	s.On("chat message", func(text string) { heard <- text })
	if err := s.Connect(context.Background()); err != nil {
		heard <- err.Error()
	}
	return s
}

// The lecture's three emits: to all, to all others, to one.
func Example() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("say", func(text string) {
			s.Emit("chat message", "you say "+text)
			s.Broadcast().Emit("chat message", "somebody says "+text)
			io.Emit("chat message", "that was "+text)
		})
	})
	url, stop := start(io, io)
	defer stop()

	ann, bob := make(chan string), make(chan string)
	s := enter(url, ann, sioclient.Config{})
	defer s.Close()
	defer enter(url, bob, sioclient.Config{}).Close()
	s.Emit("say", "hello")
	fmt.Println(<-ann, "-", <-ann)
	fmt.Println(<-bob, "-", <-bob)
	// Output:
	// you say hello - that was hello
	// somebody says hello - that was hello
}

// A room is a name that the server gives to a choice of sockets.
func ExampleSocket_Join() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("join", func(room string, ack sio.Ack) {
			s.Join(room)
			ack(slices.Index(s.Rooms(), room))
		})
		s.On("say", func(room, text string) { s.To(room).Emit("chat message", text) })
	})
	url, stop := start(io, io)
	defer stop()

	ann, bob := make(chan string), make(chan string)
	a, b := enter(url, ann, sioclient.Config{}), enter(url, bob, sioclient.Config{})
	defer a.Close()
	defer b.Close()
	n, err := sioclient.Ask[int](context.Background(), b, "join", "tea")
	fmt.Println(n, err, len(io.Rooms()["tea"]))
	a.Emit("say", "tea", "who wants some?")
	fmt.Println(<-bob)
	// Output:
	// 1 <nil> 1
	// who wants some?
}

// A middleware lets a client in, or tells it why not.
func ExampleNamespace_Use() {
	io := sio.NewServer(sio.Config{})
	io.Use(func(s *sio.Socket) error {
		var auth struct{ User, Password string }
		if err := s.Handshake().Auth(&auth); err != nil {
			return err
		}
		if auth.Password != "secret" {
			return &sio.ConnectError{Message: "wrong password",
				Data: map[string]string{"user": auth.User}}
		}
		s.Set("user", auth.User)
		return nil
	})
	io.OnConnection(func(s *sio.Socket) {
		s.Emit("chat message", fmt.Sprint("hello, ", s.Get("user")))
	})
	url, stop := start(io, io)
	defer stop()

	heard := make(chan string, 1)
	for _, password := range []string{"guess", "secret"} {
		s := enter(url, heard, sioclient.Config{Auth: func() any {
			return map[string]string{"user": "ann", "password": password}
		}})
		fmt.Println(<-heard)
		s.Close()
	}
	// Output:
	// wrong password
	// hello, ann
}

type user struct{}

// Middlewares of net/http keep their values in the request's context: a login, or a session.
func ExampleSocket_Request() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.Emit("chat message", fmt.Sprint("hello, ", s.Request().Context().Value(user{})))
	})
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := r.BasicAuth()
		io.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), user{}, name)))
	})
	url, stop := start(login, io)
	defer stop()

	r, _ := http.NewRequest("GET", url, nil)
	r.SetBasicAuth("ann", "secret")
	heard := make(chan string, 1)
	s := enter(url, heard, sioclient.Config{Header: r.Header})
	defer s.Close()
	fmt.Println(<-heard)
	// Output: hello, ann
}

// AskAll collects an answer of each client, and names the clients that have not answered.
func ExampleAskAll() {
	io := sio.NewServer(sio.Config{})
	url, stop := start(io, io)
	defer stop()

	for n := range 3 {
		s := enter(url, make(chan string), sioclient.Config{})
		defer s.Close()
		if n > 0 {
			s.On("dice", func(ack sioclient.Ack) { ack(n) })
		}
	}
	answers, err := sio.AskAll[int](context.Background(), io.Timeout(time.Second), "dice")
	slices.Sort(answers)
	var missing *sio.MissingAnswersError
	fmt.Println(answers, errors.As(err, &missing) && len(missing.Sockets) == 1)
	// Output: [1 2] true
}
