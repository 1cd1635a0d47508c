package admin

import (
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sio/admin"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/sioredis"
)

type listed struct {
	ID, ClientID, Transport, Nsp string
	Data                         map[string]any
	Rooms                        []string
}

// login connects an admin, and returns it with the first list of the sockets.
func login(t *testing.T, url string) (*sioclient.Socket, []listed, <-chan int) {
	t.Helper()
	lists, servers := make(chan []listed, 1), make(chan int, 1)
	seen := map[int]bool{}
	s, err := sioclient.Dial(t.Context(), url+"/admin", sioclient.Config{
		Transports: []string{sioclient.WebSocket}, NoReconnect: true,
		Auth: func() any { return map[string]string{"username": "admin", "password": "changeit"} },
		Setup: func(s *sioclient.Socket) {
			s.Once("all_sockets", func(list []listed) { lists <- list })
			s.On("server_stats", func(stats struct{ PID int }) { // both servers are called "one"
				if seen[stats.PID] = true; len(seen) == 2 {
					select {
					case servers <- len(seen):
					default:
					}
				}
			})
		},
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	select {
	case list := <-lists:
		return s, list, servers
	case <-time.After(time.Minute):
		require.FailNow(t, "no list of the sockets")
		return nil, nil, nil
	}
}

// An official server and ours are one cluster: the admin of either sees the sockets of both, and
// its commands reach them.
func TestOneClusterWithTheOfficialServer(t *testing.T) {
	needed(t)
	r := miniredis.RunT(t)
	db := redis.NewClient(&redis.Options{Addr: r.Addr(), MaxRetries: -1})
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	cluster := sioredis.New(sioredis.Config{Client: db, RequestTimeout: 20 * time.Second})
	io, ours := startWith(t, admin.Config{}, sio.Config{Adapter: cluster.Adapter}, nil)
	official := node.Start(t, "admin-server.mjs", hash(t), "{}", "redis://"+r.Addr())
	a, heardA := connect(t, ours)
	b, heardB := connect(t, official)
	for name, url := range map[string]string{"the official one's": official, "ours": ours} {
		page, list, servers := login(t, url)
		for _, s := range []*sioclient.Socket{a, b} {
			i := slices.IndexFunc(list, func(l listed) bool { return l.ID == s.ID() })
			require.GreaterOrEqual(t, i, 0, name)
			assert.Len(t, list[i].ClientID, 12, name)
			assert.Equal(t, []any{"websocket", "/", map[string]any{}},
				[]any{list[i].Transport, list[i].Nsp, list[i].Data}, name)
			assert.Subset(t, list[i].Rooms, []string{s.ID(), "early", "hall"}, name)
		}
		require.NoError(t, page.Emit("emit", "/", "hall", name))
		for _, heard := range []<-chan string{heardA, heardB} {
			select {
			case text := <-heard:
				assert.Equal(t, name+"[]", text)
			case <-time.After(time.Minute):
				require.FailNow(t, "the command has not come")
			}
		}
		require.NoError(t, page.Emit("join", "/", name, a.ID()))
		eventually(t, "our socket has joined", func() bool {
			return slices.Contains(io.Socket(a.ID()).Rooms(), name)
		})
		select {
		case <-servers:
		case <-time.After(time.Minute):
			assert.Fail(t, "the numbers of one server only", name)
		}
	}
}
