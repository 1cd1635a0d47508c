// Command cluster runs two chat servers that are one cluster over Redis, and a load balancer in
// front of them. In production each of the three is a process of its own.
package main

import (
	"crypto/rand"
	"embed"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

//go:embed index.html
var page embed.FS

// start runs a chat server, which knows the others through Redis alone, and returns its address.
func start(name, redisAddr string) *url.URL {
	db := redis.NewClient(&redis.Options{Addr: redisAddr, MaxRetries: -1})
	cluster := sioredis.New(sioredis.Config{Client: db})
	io := sio.NewServer(sio.Config{
		Adapter: cluster.Adapter,
		Engine: engineio.Config{
			GenerateID: func(*http.Request) (string, error) {
				return name + "-" + rand.Text(), nil
			},
		},
	})
	io.OnConnection(func(s *sio.Socket) {
		s.Emit("server", name)
		s.On("message", func(text string) { io.Emit("message", name, text) })
		s.On("count", func(ack sio.Ack) error {
			all, err := io.FetchSockets(s.Context()) // of both servers
			if err != nil {
				return err
			}
			ack(len(all))
			return nil
		})
	})
	return serve("127.0.0.1:0", io)
}

// balance spreads the sessions over the servers. Every request of a session must reach the server
// that has it: the session's id, which the server made, begins with the server's name.
func balance(servers map[string]*url.URL) http.Handler {
	var names []string
	for name := range servers {
		names = append(names, name)
	}
	var turn atomic.Int64
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		name, _, _ := strings.Cut(r.In.URL.Query().Get("sid"), "-")
		server, known := servers[name]
		if !known {
			server = servers[names[int(turn.Add(1))%len(names)]]
		}
		r.SetURL(server)
		r.SetXForwarded()
	}}
}

func main() {
	addr := flag.String("addr", "127.0.0.1:4000", "address to listen on")
	redisAddr := flag.String("redis", "127.0.0.1:6379", "address of Redis")
	flag.Parse()

	http.Handle("/socket.io/", balance(map[string]*url.URL{
		"red":  start("red", *redisAddr),
		"blue": start("blue", *redisAddr),
	}))
	http.Handle("/", http.FileServerFS(page))
	fmt.Println(serve(*addr, http.DefaultServeMux))
	select {} // until a signal ends the process
}

func serve(addr string, handler http.Handler) *url.URL {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(l, handler)) }()
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}
