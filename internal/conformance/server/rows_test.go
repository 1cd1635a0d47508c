package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/sio"
)

// rows holds the server's part of each row of the feature table. rows.mjs has the official client's
// part.
var rows = []struct {
	name   string
	config sio.Config
	serve  func(*sio.Server)
}{
	{"CONNECT", sio.Config{ConnectTimeout: time.Second}, func(*sio.Server) {}},
	{"codec", sio.Config{}, func(*sio.Server) {}},
	{"namespaces", sio.Config{CleanupEmptyChildNamespaces: true}, serveNamespaces},
	{"rooms", sio.Config{}, serveRooms},
	{"emit", sio.Config{}, serveEmit},
	{"acks", sio.Config{}, serveAcks},
	{"events", sio.Config{}, serveEvents},
	{"values", sio.Config{}, serveValues},
	{"handshake data", sio.Config{}, serveHandshake},
	{"socket", sio.Config{}, serveSocket},
	{"admin of sockets", sio.Config{}, serveAdmin},
	{"connection state recovery", sio.Config{Recovery: &sio.Recovery{}}, serveRecovery},
	{"custom parser", sio.Config{Parser: sio.MsgpackParser{}}, serveParser},
}

// officialClient is a Node process that answers each line of JSON with another.
type officialClient struct {
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr strings.Builder
}

// startClient runs a script of the folder node until t ends.
func startClient(t *testing.T, script string, args ...string) *officialClient {
	t.Helper()
	c := &officialClient{}
	cmd := exec.Command("node", append([]string{script}, args...)...)
	cmd.Dir = node.Dir(t)
	cmd.Stderr = &c.stderr
	var err error
	c.stdin, err = cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	c.stdout = bufio.NewReader(stdout)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = c.stdin.Close()
		stuck := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer stuck.Stop()
		assert.NoError(t, cmd.Wait(), &c.stderr)
	})
	return c
}

func (c *officialClient) ask(t *testing.T, question map[string]any, answer any) {
	t.Helper()
	require.NoError(t, json.NewEncoder(c.stdin).Encode(question))
	line, err := c.stdout.ReadBytes('\n')
	require.NoError(t, err, "the official client has ended: %s", &c.stderr)
	require.NoError(t, json.Unmarshal(line, answer))
}

// play plays a row against the server at url. It returns nil, or what failed.
func (c *officialClient) play(t *testing.T, row, url string) (failure any) {
	t.Helper()
	c.ask(t, map[string]any{"row": row, "url": url}, &failure)
	return failure
}

func TestRows(t *testing.T) {
	for _, transports := range []string{"polling", "websocket", "polling,websocket"} {
		client := startClient(t, "rows.mjs", "socket.io-client", transports)
		for _, row := range rows {
			t.Run(row.name+" over "+transports, func(t *testing.T) {
				config := row.config
				// refused events are part of the rows
				config.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
				server := sio.NewServer(config)
				server.OnConnection(common)
				row.serve(server)
				web := httptest.NewServer(server)
				t.Cleanup(func() {
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					defer cancel()
					require.NoError(t, server.Close(ctx))
					web.Close()
				})
				assert.Nil(t, client.play(t, row.name, web.URL))
			})
		}
	}
}

// common adds the handlers that every row needs.
func common(s *sio.Socket) {
	s.On("sync", func(ack sio.Ack) { ack() })
	s.On("where", func(ack sio.Ack) { ack(s.Namespace().Name()) })
	s.On("echo", func(v any, ack sio.Ack) { ack(v) })
	s.On("id", func(ack sio.Ack) { ack(s.ID()) })
	s.On("rooms", func(ack sio.Ack) { ack(s.Rooms()) })
	s.On("join", func(rooms []string, ack sio.Ack) { s.Join(rooms...); ack() })
	s.On("leave", func(room string, ack sio.Ack) { s.Leave(room); ack() })
	s.On("auth", func(ack sio.Ack) {
		var auth any
		s.Handshake().Auth(&auth)
		ack(auth)
	})
}

func serveNamespaces(io *sio.Server) {
	var mu sync.Mutex
	made := map[string]bool{}
	gone := map[string]int{}
	io.OnNewNamespace(func(n *sio.Namespace) {
		mu.Lock()
		defer mu.Unlock()
		made[n.Name()] = true
	})
	fixed := io.Of("/fixed")
	fixed.OnConnection(common)
	fixed.OnConnection(func(s *sio.Socket) {
		s.On("new namespaces", func(ack sio.Ack) {
			mu.Lock()
			defer mu.Unlock()
			names := []string{}
			for name := range made {
				names = append(names, name)
			}
			ack(names)
		})
		s.On("namespaces", func(ack sio.Ack) { ack(io.Namespaces()) })
	})
	dynamic := io.OfRegexp(regexp.MustCompile(`^/dynamic-\d+$`))
	dynamic.OnConnection(common)
	dynamic.OnConnection(func(s *sio.Socket) {
		mu.Lock()
		gone[s.Namespace().Name()]++
		mu.Unlock()
		s.On("all", func(msg string, ack sio.Ack) { s.Namespace().Emit("all", msg); ack(true) })
	})
	io.OfFunc(func(name string, h sio.Handshake) bool {
		var auth struct {
			Key string `json:"key"`
		}
		return h.Auth(&auth) == nil && name == "/rooms/"+auth.Key
	}).OnConnection(common)
	io.Of("/denied").Use(func(*sio.Socket) error {
		return &sio.ConnectError{Message: "not authorized", Data: map[string]int{"code": 7}}
	})
}

func serveRooms(io *sio.Server) {
	var mu sync.Mutex
	events := map[string][]string{}
	created := []string{}
	io.OnRoom(func(e sio.RoomEvent) {
		mu.Lock()
		defer mu.Unlock()
		line := string(e.Kind) + " " + e.Room
		switch {
		case e.Socket != "":
			events[e.Socket] = append(append(events[e.Socket], created...), line)
			created = nil
		case e.Kind == sio.RoomCreated:
			created = append(created, line)
		case e.Kind == sio.RoomDeleted:
			for id, lines := range events {
				if slices.Contains(lines, "leave-room "+e.Room) {
					events[id] = append(lines, line)
				}
			}
		}
	})
	io.OnConnection(func(s *sio.Socket) {
		s.On("members", func(room string, ack sio.Ack) {
			members := []string{}
			sockets, _ := io.In(room).FetchSockets(context.Background())
			for _, m := range sockets {
				members = append(members, m.ID)
			}
			ack(members)
		})
		s.On("events of", func(id string, ack sio.Ack) {
			mu.Lock()
			defer mu.Unlock()
			ack(events[id])
		})
	})
}

func serveEmit(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		s.On("send it", func(how string, ids []string, ack sio.Ack) {
			switch how {
			case "all":
				io.Emit(how, how)
			case "room":
				io.To("r1").Emit(how, how)
			case "rooms":
				io.To("r1").To("r2").Emit(how, how)
			case "except":
				io.Except("r1").Emit(how, how)
			case "but the sender":
				s.Broadcast().Emit(how, how)
			case "room but the sender":
				s.To("r1").Emit(how, how)
			case "room except":
				io.To("r1").Except("r2").Emit(how, how)
			case "one by id":
				s.To(ids[2]).Emit(how, how)
			case "one by id through all":
				io.In(ids[1]).Emit(how, how)
			case "uncompressed":
				io.Compress(false).Emit(how, how)
			case "local":
				io.Local().Emit(how, how)
			case "volatile":
				io.Volatile().Emit(how, how)
			}
			ack()
		})
	})
}

func serveAcks(io *sio.Server) {
	text := func(args sio.Args, err error) string {
		switch {
		case errors.Is(err, sio.ErrDisconnected):
			return "disconnected"
		case err != nil:
			return err.Error()
		}
		return fmt.Sprint(args.Any(0))
	}
	texts := func(answers []sio.Answer) []string {
		list := []string{}
		for _, a := range answers {
			list = append(list, text(a.Args, nil))
		}
		return list
	}
	io.OnConnection(func(s *sio.Socket) {
		s.On("ferret", func(_ string, ack sio.Ack) { ack("woot") })
		s.On("never", func(sio.Ack) {})
		s.On("ask me", func(ack sio.Ack) {
			ack(text(s.Timeout(10*time.Second).EmitWithAck(context.Background(), "question", 10)))
		})
		s.On("ask all", func(ack sio.Ack) {
			answers, err := io.Timeout(10*time.Second).
				EmitWithAck(context.Background(), "question", 10)
			if err != nil {
				ack(err.Error())
				return
			}
			ack(texts(answers))
		})
		s.On("ask all, one answers", func(ack sio.Ack) {
			answers, err := io.Timeout(time.Second).
				EmitWithAck(context.Background(), "only one answers")
			var missing *sio.MissingAnswersError
			if !errors.As(err, &missing) || !errors.Is(err, sio.ErrTimeout) {
				ack(fmt.Sprint(err))
				return
			}
			ack(map[string]any{"answers": texts(answers), "missing": missing.Sockets,
				"error": missing.Err.Error()})
		})
		s.On("ask, no answer", func(ack sio.Ack) {
			ack(text(s.Timeout(50*time.Millisecond).EmitWithAck(context.Background(), "nothing")))
		})
		s.On("ask b, who leaves", func(id string, ack sio.Ack) {
			ack(text(io.Socket(id).EmitWithAck(context.Background(), "who leaves")))
		})
	})
}

func serveEvents(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		var reported []string
		s.OnError(func(err error) { reported = append(reported, err.Error()) })
		s.On("errors", func(ack sio.Ack) {
			ack(reported)
			reported = nil
		})
		s.On("n", func(n int) { s.Emit("n", n) })
		s.Use(func(e *sio.Event) error {
			switch e.Name {
			case "blocked":
				return errors.New("no blocked events")
			case "changed":
				var text string
				if err := e.Args.Decode(0, &text); err != nil {
					return err
				}
				e.Args = event.NewArgs(append(e.Args.Values()[:0:0], []byte(`"`+text+`!"`)), nil)
			}
			return nil
		})
		s.On("changed", func(text string) { s.Emit("changed", text) })
		s.On("message", func(args ...any) { s.Send(args...) })

		order := func(text string) func() { return func() { s.Emit("order", text) } }
		s.On("order", order("last"))
		s.PrependOnce("order", order("once"))
		s.Prepend("order", order("first"))
		off := s.Once("order", order("never"))
		off()
		s.On("off", func(ack sio.Ack) { s.Off("order"); ack() })

		s.On("seen", func(ack sio.Ack) {
			in, out := []string{}, []string{}
			off := s.OnAnyOutgoing(func(event string, args sio.Args) {
				out = append(out, fmt.Sprint(event, " ", args.Any(0)))
			})
			s.Emit("seen too", []int{2})
			off()
			s.Emit("seen too", 3)
			s.OnAny(func(event string, args sio.Args) {
				in = append(in, fmt.Sprint(event, " ", args.Any(0)))
			})
			s.Once("seen me", func([]int) { ack(map[string]any{"in": in, "out": out}) })
			s.Emit("now", true)
		})
		s.On("reserved", func(ack sio.Ack) { ack(fmt.Sprint(s.Emit("disconnect"))) })
	})
}

func serveValues(io *sio.Server) {
	type written struct {
		Name  string        `json:"name"`
		Wait  time.Duration `json:"wait"`
		List  []int         `json:"list"`
		None  []int         `json:"none"`
		Zero  int           `json:"zero,omitempty"`
		Inner struct{}      `json:"inner,omitempty"`
	}
	io.OnConnection(func(s *sio.Socket) {
		var reported []string
		s.OnError(func(err error) { reported = append(reported, err.Error()) })
		s.On("errors", func(ack sio.Ack) { ack(reported) })
		s.On("relay", func(args sio.Args) { s.Emit("relayed", []byte{0}, args) })
		s.On("rest", func(_ string, rest sio.Args, ack sio.Ack) { ack(rest) })
		s.On("written", func(ack func(written)) {
			ack(written{Name: "ann", Wait: time.Second, List: []int{}})
		})
		s.On("login", func(who struct {
			Username string
			Wait     time.Duration
		}, ack func(string)) {
			ack(who.Username + " " + who.Wait.String())
		})
		s.On("unwritable", func(ack sio.Ack) { ack(make(chan int)) })
		s.On("raw", func(raw json.RawMessage, ack sio.Ack) { ack(raw) })
		s.On("wanted", func(ack sio.Ack) {
			s.Emit("wanted", ack.Wanted())
			ack(ack.Wanted())
		})
	})
}

func serveHandshake(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		s.On("handshake", func(ack sio.Ack) {
			h := s.Handshake()
			var auth any
			h.Auth(&auth)
			ack(map[string]any{
				"header": h.Headers.Get("X-Lab"), "a": h.Query.Get("a"), "b": h.Query.Get("b"),
				"auth":    auth,
				"address": h.Address, "secure": h.Secure, "xdomain": h.XDomain, "url": h.URL,
				"time":  h.Time,
				"whole": h,
			})
		})
	})
}

func serveSocket(io *sio.Server) {
	type end struct {
		Reason sio.Reason `json:"reason"`
		Rooms  []string   `json:"rooms"`
		Times  int        `json:"times"`
	}
	var mu sync.Mutex
	ends := map[string]*end{}
	io.OnConnection(func(s *sio.Socket) {
		s.Set("user", "ann")
		s.Set("n", 1)
		s.On("data", func(ack sio.Ack) { ack(s.Data()) })
		s.On("leave me", func() { s.Disconnect(false) })
		s.On("close me", func() { s.Disconnect(true) })
		var rooms []string
		s.OnDisconnecting(func(sio.Reason) { rooms = s.Rooms() })
		s.OnDisconnect(func(reason sio.Reason) {
			mu.Lock()
			defer mu.Unlock()
			if ends[s.ID()] == nil {
				ends[s.ID()] = &end{Reason: reason, Rooms: rooms}
			}
			ends[s.ID()].Times++
		})
	})
	io.Of("/reasons").OnConnection(func(s *sio.Socket) {
		s.On("of", func(id string, ack sio.Ack) {
			mu.Lock()
			defer mu.Unlock()
			ack(ends[id])
		})
	})
}

func serveAdmin(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		s.Set("user", "ann")
		s.On("fetch", func(room string, ack sio.Ack) {
			sockets, err := io.In(room).FetchSockets(context.Background())
			if err != nil {
				ack(err.Error())
				return
			}
			infos := []sio.SocketInfo{}
			for _, remote := range sockets {
				infos = append(infos, remote.SocketInfo)
			}
			ack(infos)
		})
		s.On("all of r join", func(room string, ack sio.Ack) {
			io.In("r").SocketsJoin(room)
			ack()
		})
		s.On("all of s leave", func(room string, ack sio.Ack) {
			io.In("s").SocketsLeave(room)
			ack()
		})
		s.On("disconnect all of", func(room string, ack sio.Ack) {
			io.In(room).DisconnectSockets(true)
			ack()
		})
	})
}

func serveRecovery(io *sio.Server) {
	var mu sync.Mutex
	ran := 0
	io.Use(func(*sio.Socket) error {
		mu.Lock()
		defer mu.Unlock()
		ran++
		return nil
	})
	io.OnConnection(func(s *sio.Socket) {
		s.On("to all", func(text string, ack sio.Ack) { io.Emit("news", text); ack() })
		s.On("to room", func(room, text string, ack sio.Ack) {
			io.To(room).Emit("news", text)
			ack()
		})
		s.On("to all volatile", func(text string, ack sio.Ack) {
			s.Broadcast().Volatile().Emit("news", text)
			ack()
		})
		s.On("is there", func(id string, ack sio.Ack) { ack(io.Socket(id) != nil) })
		s.On("set", func(key string, value any, ack sio.Ack) { s.Set(key, value); ack() })
		s.On("get", func(key string, ack sio.Ack) { ack(s.Get(key)) })
		s.On("middleware ran", func(ack sio.Ack) {
			mu.Lock()
			defer mu.Unlock()
			ack(ran)
		})
	})
}

func serveParser(io *sio.Server) {
	io.Of("/admin").OnConnection(common)
	io.OnConnection(func(s *sio.Socket) {
		s.On("ask me", func(ack sio.Ack) {
			answer, err := s.Timeout(10*time.Second).
				EmitWithAck(context.Background(), "question", 10)
			if err != nil {
				ack(err.Error())
				return
			}
			ack(fmt.Sprint(answer.Any(0)))
		})
	})
}
