package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest/redisserver"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// TestMatrix plays every feature of matrix.mjs with each client, transport, parser, with connection
// state recovery and without, on one server and on two that Redis joins. It plays every combination
// of four of the five: the fifth follows from them, which halves the time. After each feature, both
// servers are empty.
func TestMatrix(t *testing.T) {
	node.Dir(t)
	for p, pkg := range []string{"socket.io-client", "socket.io-client-2"} {
		for w, transports := range []string{"polling", "websocket"} {
			t.Run(pkg+" over "+transports, func(t *testing.T) {
				t.Parallel()
				client := startClient(t, "matrix.mjs", pkg, transports)
				var features []string
				client.ask(t, map[string]any{"feature": "", "urls": []string{}}, &features)
				require.NotEmpty(t, features)
				for m, parser := range []sio.Parser{sio.JSONParser{}, sio.MsgpackParser{}} {
					for r, recovery := range []*sio.Recovery{nil, {}} {
						config, cluster := sio.Config{Parser: parser, Recovery: recovery},
							(p+w+m+r)%2 == 1
						name := fmt.Sprintf("%T, recovery %v, cluster %v", parser, recovery != nil,
							cluster)
						t.Run(name, func(t *testing.T) {
							playFeatures(t, client, features, config, cluster)
						})
					}
				}
			})
		}
	}
}

func playFeatures(t *testing.T, client *officialClient, features []string, config sio.Config,
	cluster bool) {
	servers := []*matrixServer{}
	if cluster {
		at := startRedis(t)
		servers = append(servers, newMatrixServer(t, config, at), newMatrixServer(t, config, at))
	} else {
		servers = append(servers, newMatrixServer(t, config, nil))
	}
	urls := []string{servers[0].url, servers[len(servers)-1].url}
	for _, feature := range features {
		var failure any
		client.ask(t, map[string]any{
			"feature": feature, "urls": urls,
			"msgpack":  config.Parser == sio.Parser(sio.MsgpackParser{}),
			"recovery": config.Recovery != nil, "cluster": cluster,
		}, &failure)
		assert.Nil(t, failure, feature)
		for _, s := range servers {
			require.Eventually(t, func() bool {
				return s.io.Clients() == 0 && s.io.Len() == 0 && s.io.Of("/chat").Len() == 0
			},
				10*time.Second, time.Millisecond, "a ghost stays after %q", feature)
		}
	}
}

// startRedis runs a Redis until t ends: a redis-server, where one is installed, or miniredis.
func startRedis(t *testing.T) *redis.Options {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return &redis.Options{Addr: miniredis.RunT(t).Addr(), MaxRetries: -1}
	}
	return redisserver.Start(t).Options()
}

// matrixServer serves what matrix.mjs asks for.
type matrixServer struct {
	io  *sio.Server
	url string

	mu    sync.Mutex
	ended map[string][]string // reasons by socket
}

func newMatrixServer(t *testing.T, config sio.Config, cluster *redis.Options) *matrixServer {
	config.Engine = engineio.Config{AllowEIO3: true}
	config.CleanupEmptyChildNamespaces = true
	// refused events are part of the features
	config.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	var db *redis.Client
	if cluster != nil {
		db = redis.NewClient(cluster)
		config.Adapter = sioredis.New(sioredis.Config{Client: db, Log: config.Log}).Adapter
	}
	s := &matrixServer{io: sio.NewServer(config), ended: map[string][]string{}}
	s.handle(s.io.Of("/"))
	chat := s.io.Of("/chat")
	chat.Use(func(socket *sio.Socket) error {
		var auth struct{ Token string }
		if err := socket.Handshake().Auth(&auth); err != nil || auth.Token != "t" {
			return &sio.ConnectError{Message: "not authorized", Data: map[string]int{"code": 7}}
		}
		return nil
	})
	s.handle(chat)
	s.io.OfRegexp(regexp.MustCompile(`^/room-\d+$`)).OnConnection(func(socket *sio.Socket) {
		s.serve(socket.Namespace(), socket)
	})
	web := httptest.NewServer(s.io)
	s.url = web.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, s.io.Close(ctx))
		web.Close()
		if db != nil {
			assert.NoError(t, db.Close())
		}
	})
	return s
}

func (s *matrixServer) handle(n *sio.Namespace) {
	n.OnServerSide("double", func(x int, ack sio.Ack) { ack(2 * x) })
	n.OnServerSide("tell", func(args sio.Args) { n.Local().Emit("news", args) })
	n.OnServerSide("ended?", func(id string, ack sio.Ack) { ack(s.reasons(id)) })
	n.OnConnection(func(socket *sio.Socket) { s.serve(n, socket) })
}

func (s *matrixServer) reasons(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ended[id])
}

func (s *matrixServer) serve(n *sio.Namespace, socket *sio.Socket) {
	socket.Set("name", "ann")
	socket.Set("n", 1.5)
	id := socket.ID()
	socket.OnDisconnect(func(r sio.Reason) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended[id] = append(s.ended[id], string(r))
	})
	socket.On("ended", func(id string, ack func([]string)) {
		all := append([]string{}, s.reasons(id)...)
		others, err := n.ServerSideEmitWithAck(context.Background(), "ended?", id)
		for _, args := range others {
			var reasons []string
			err = errors.Join(err, args.Decode(0, &reasons))
			all = append(all, reasons...)
		}
		if err != nil {
			all = append(all, err.Error())
		}
		ack(all)
	})
	socket.On("fence", func(i int) { n.Emit("fence", i) })
	socket.On("join", func(rooms []string, ack sio.Ack) { socket.Join(rooms...); ack() })
	socket.On("leave", func(room string, ack sio.Ack) { socket.Leave(room); ack() })
	socket.On("rooms", func(ack sio.Ack) { ack(socket.Rooms()) })
	socket.On("echo", func(args sio.Args, ack sio.Ack) { ack(args) })
	socket.On("send", func(how string, rooms, except []string, what sio.Args, ack sio.Ack) {
		var err error
		switch how {
		case "socket":
			err = socket.To(rooms...).Except(except...).Emit("news", what)
		case "local":
			err = n.To(rooms...).Except(except...).Local().Emit("news", what)
		case "volatile":
			err = n.To(rooms...).Except(except...).Volatile().Emit("news", what)
		default:
			err = n.To(rooms...).Except(except...).Emit("news", what)
		}
		ack(err == nil)
	})
	socket.On("ask me", func(x sio.Args, ack sio.Ack) {
		answer, err := socket.Timeout(20*time.Second).
			EmitWithAck(context.Background(), "question", x)
		if err != nil {
			ack(err.Error())
			return
		}
		ack(answer)
	})
	socket.On("ask", func(rooms []string, ms int, x sio.Args, ack sio.Ack) {
		answers, err := n.To(rooms...).Timeout(time.Duration(ms)*time.Millisecond).
			EmitWithAck(context.Background(), "question", x)
		values := []any{}
		for _, answer := range answers {
			values = append(values, answer.Args.Any(0))
		}
		told := map[string]any{"answers": values, "missing": 0}
		var missing *sio.MissingAnswersError
		if errors.As(err, &missing) {
			told["missing"], told["error"] = len(missing.Sockets), missing.Err.Error()
		}
		ack(told)
	})
	socket.On("fetch", func(rooms []string, ack sio.Ack) {
		sockets, err := n.In(rooms...).FetchSockets(context.Background())
		all := []map[string]any{}
		for _, other := range sockets {
			slices.Sort(other.Rooms)
			all = append(all, map[string]any{"id": other.ID, "rooms": other.Rooms,
				"data": other.Data, "q": other.Handshake.Query.Get("q")})
		}
		if err != nil {
			ack(err.Error())
			return
		}
		ack(all)
	})
	socket.On("admin", func(what string, of, rooms []string) {
		switch what {
		case "join":
			n.In(of...).SocketsJoin(rooms...)
		case "leave":
			n.In(of...).SocketsLeave(rooms...)
		case "disconnect":
			n.In(of...).DisconnectSockets(true)
		}
	})
	socket.On("remote", func(id, text string, ack sio.Ack) {
		sockets, err := n.In(id).FetchSockets(context.Background())
		if err != nil || len(sockets) != 1 {
			ack(fmt.Sprint(len(sockets), err))
			return
		}
		ack(sockets[0].Emit("news", text) == nil)
	})
	socket.On("double", func(x int, ack sio.Ack) {
		answers, err := n.ServerSideEmitWithAck(context.Background(), "double", x)
		values := []any{}
		for _, answer := range answers {
			values = append(values, answer.Any(0))
		}
		if err != nil {
			values = append(values, err.Error())
		}
		ack(values)
	})
	socket.On("tell", func(args sio.Args) { n.ServerSideEmit("tell", args) })
	socket.On("close me", func() { socket.Disconnect(true) })
	socket.On("relay", func(args sio.Args) { socket.Emit("relayed", args) })
	socket.On("login", func(who struct{ Username string }, ack func(string)) { ack(who.Username) })
	socket.On("unwritable", func(ack sio.Ack) { ack(make(chan int)) })
}
