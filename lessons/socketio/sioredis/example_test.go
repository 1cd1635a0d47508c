package sioredis_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// Two servers, as two processes would run them, talk over one Redis.
func Example() {
	r := miniredis.NewMiniRedis() // a Redis in this process; in earnest, use one of its own
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
