package sioredis_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/sioredis"
)

// Two servers, as two processes would run them: an event that one emits reaches the clients of
// both.
func ExampleCluster_Adapter() {
	r := miniredis.NewMiniRedis() // a Redis in this process; a cluster uses a real one
	if err := r.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()

	heard := make(chan string, 2)
	ctx := context.Background()
	for _, name := range []string{"ann", "bob"} {
		db := redis.NewClient(&redis.Options{Addr: r.Addr(), MaxRetries: -1})
		defer db.Close()
		io := sio.NewServer(sio.Config{Adapter: sioredis.New(sioredis.Config{Client: db}).Adapter})
		io.OnConnection(func(s *sio.Socket) {
			s.On("chat message", func(text string) { io.Emit("chat message", text) })
		})
		web := httptest.NewServer(io)
		defer web.Close()
		defer io.Close(ctx)

		s, err := sioclient.New(web.URL, sioclient.Config{})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer s.Close()
		s.On("chat message", func(text string) { heard <- name + " hears " + text })
		if err := s.Connect(ctx); err != nil {
			fmt.Println(err)
			return
		}
		if name == "bob" {
			s.Emit("chat message", "hello")
		}
	}
	fmt.Println(<-heard)
	fmt.Println(<-heard)
	// Unordered output:
	// ann hears hello
	// bob hears hello
}

// Servers talk to each other too.
func Example() {
	r := miniredis.NewMiniRedis()
	if err := r.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()

	server := func(name string) (io *sio.Server, end func()) {
		db := redis.NewClient(&redis.Options{Addr: r.Addr(), MaxRetries: -1})
		cluster := sioredis.New(sioredis.Config{Client: db})
		io = sio.NewServer(sio.Config{Adapter: cluster.Adapter})
		io.OnServerSide("who is there?", func(ack sio.Ack) { ack(name) })
		return io, func() {
			io.Close(context.Background())
			db.Close()
		}
	}
	ann, endAnn := server("ann")
	defer endAnn()
	bob, endBob := server("bob")
	defer endBob()

	var heard sync.WaitGroup
	heard.Add(1)
	bob.OnServerSide("hello", func(from string) {
		fmt.Println("bob hears", from)
		heard.Done()
	})
	ann.ServerSideEmit("hello", "ann")
	heard.Wait()

	answers, err := ann.ServerSideEmitWithAck(context.Background(), "who is there?")
	fmt.Println(answers[0].Any(0), err)
	// Output:
	// bob hears ann
	// bob <nil>
}
