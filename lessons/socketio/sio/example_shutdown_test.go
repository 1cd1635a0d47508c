package sio_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// A deploy ends the Socket.IO server first, while HTTP is still served, and then the http.Server.
func ExampleServer_Shutdown() {
	io := sio.NewServer(sio.Config{})
	saving := make(chan bool)
	io.OnConnection(func(s *sio.Socket) {
		s.On("save", func(text string, ack sio.Ack) {
			saving <- true
			time.Sleep(50 * time.Millisecond) // a database
			ack("saved " + text)
		})
	})
	web := &http.Server{Handler: io}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go web.Serve(listener)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := sioclient.Dial(ctx, "http://"+listener.Addr().String(),
		sioclient.Config{NoReconnect: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	answers, reasons := make(chan string, 1), make(chan sioclient.Reason, 1)
	s.OnDisconnect(func(reason sioclient.Reason, _ error) { reasons <- reason })
	go func() {
		answer, err := sioclient.Ask[string](ctx, s, "save", "the draft")
		answers <- fmt.Sprint(answer, " ", err)
	}()

	<-saving // in a program: <-ctx.Done(), with ctx from signal.NotifyContext
	fmt.Println("Socket.IO:", io.Shutdown(ctx))
	fmt.Println("HTTP:", web.Shutdown(ctx))
	fmt.Println("client:", <-answers)
	fmt.Println("client:", <-reasons)
	// Output:
	// Socket.IO: <nil>
	// HTTP: <nil>
	// client: saved the draft <nil>
	// client: transport close
}
