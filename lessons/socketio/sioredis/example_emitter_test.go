package sioredis_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/sioredis"
)

// A program without clients sends to the clients of a cluster.
func ExampleEmitter() {
	r := miniredis.NewMiniRedis()
	if err := r.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	config := sioredis.Config{Client: redis.NewClient(&redis.Options{Addr: r.Addr(),
		MaxRetries: -1})}
	defer config.Client.Close()

	// The server, and one of its clients.
	io := sio.NewServer(sio.Config{Adapter: sioredis.New(config).Adapter})
	web := httptest.NewServer(io)
	defer web.Close()
	defer io.Close(context.Background())
	s, err := sioclient.New(web.URL, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	heard := make(chan string)
	s.On("price", func(of string, euros float64) { heard <- fmt.Sprint(of, " is ", euros) })
	if err := s.Connect(context.Background()); err != nil {
		fmt.Println(err)
		return
	}

	// The other program.
	all := sioredis.NewEmitter(config)
	if err := all.Emit("price", "tea", 2.5); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-heard)
	// Output: tea is 2.5
}
