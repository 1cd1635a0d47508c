package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"realtimelab/internal/labtest/locked"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hash is bcrypt's of "changeit", at the least cost.
var hash = func() string {
	made, err := bcrypt.GenerateFromPassword([]byte("changeit"), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(made)
}()

var login = &BasicAuth{Username: "admin", PasswordHash: hash}

// A server has an admin namespace.
type server struct {
	*testing.T
	*sio.Server
	admin *Admin
	url   string
	log   *locked.Buffer
}

func start(t *testing.T, config Config, base sio.Config) server {
	t.Helper()
	log := &locked.Buffer{}
	config.Log = slog.New(slog.NewTextHandler(log, nil))
	base.Log = config.Log
	io := sio.NewServer(base)
	a, err := Instrument(io, config)
	require.NoError(t, err)
	web := httptest.NewServer(io)
	t.Cleanup(func() {
		a.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, io.Close(ctx))
		web.Close()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return server{t, io, a, web.URL, log}
}

// A reported is an event that an admin has received.
type reported struct {
	name string
	args sioclient.Args
}

func (r reported) String() string { return r.name + " " + r.args.String() }

// read decodes an argument.
func read[T any](t *testing.T, r reported, i int) (value T) {
	t.Helper()
	require.NoError(t, r.args.Decode(i, &value), r.String())
	return value
}

// A client is connected to a namespace, and keeps what it receives.
type client struct {
	*testing.T
	*sioclient.Socket
	heard chan reported
	id    string // also after its end
}

// ID returns the socket's id.
func (c client) ID() string { return c.id }

func (s server) dial(namespace string, auth any, config sioclient.Config) (client, error) {
	heard := make(chan reported, 100_000)
	config.Log = slog.New(slog.DiscardHandler)
	config.Auth = func() any { return auth }
	config.NoReconnect = true
	config.Setup = func(c *sioclient.Socket) {
		c.OnAny(func(name string, args sioclient.Args) { heard <- reported{name, args} })
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	socket, err := sioclient.Dial(ctx, s.url+namespace, config)
	if err != nil {
		return client{}, err
	}
	s.Cleanup(socket.Close)
	return client{s.T, socket, heard, socket.ID()}, nil
}

func (s server) client(namespace string) client {
	s.Helper()
	c, err := s.dial(namespace, nil, sioclient.Config{Transports: []string{sioclient.WebSocket}})
	require.NoError(s, err)
	return c
}

type auth map[string]any

func (s server) page() client {
	s.Helper()
	c, err := s.dial("/admin", auth{"username": "admin", "password": "changeit"},
		sioclient.Config{Transports: []string{sioclient.WebSocket}})
	require.NoError(s, err)
	return c
}

// next returns the next event of one of these names. Others are dropped.
func (c client) next(names ...string) reported {
	c.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case r := <-c.heard:
			if slices.Contains(names, r.name) {
				return r
			}
		case <-late:
			require.FailNow(c, "nothing received", "%v", names)
		}
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, time.Minute, time.Millisecond, what)
}

func TestConfig(t *testing.T) {
	for text, config := range map[string]Config{
		"set Config.Auth":    {},
		"exclude each other": {Auth: login, Open: true},
		"not a bcrypt hash": {Auth: &BasicAuth{Username: "admin",
			PasswordHash: "changeit"}},
		"Username is empty":            {Auth: &BasicAuth{PasswordHash: hash}},
		`Config.Mode is "verbose"`:     {Open: true, Mode: "verbose"},
		"cannot be negative":           {Open: true, StatsInterval: -1},
		`holds "*"`:                    {Open: true, Origins: []string{"*"}},
		"is the main namespace":        {Open: true, Namespace: "/"},
		"SessionKey has a length of 5": {Auth: login, SessionKey: []byte("short")},
	} {
		io := sio.NewServer(sio.Config{})
		_, err := Instrument(io, config)
		assert.ErrorContains(t, err, text)
		assert.Equal(t, []string{"/"}, io.Namespaces(), "%s: nothing has been added", text)
	}
}

func TestLogin(t *testing.T) {
	s := start(t, Config{Auth: login}, sio.Config{})
	for _, given := range []any{
		nil, auth{}, auth{"username": "admin"}, auth{"username": "admin", "password": "wrong"},
		auth{"username": "root", "password": "changeit"},
		auth{"username": "admin", "password": []string{"changeit"}},
		auth{"username": "admin", "password": hash}, auth{"sessionId": "1234"},
		auth{"sessionId": nil}, auth{"sessionId": ".."},
		auth{"username": "admin", "password": strings.Repeat("x", 5000)},
	} {
		_, err := s.dial("/admin", given, sioclient.Config{})
		assert.ErrorContains(t, err, "invalid credentials", "%v", given)
	}
	page := s.page()
	id := read[string](t, page.next("session"), 0)
	page.next("config")

	again, err := s.dial("/admin", auth{"sessionId": id}, sioclient.Config{})
	require.NoError(t, err, "a session needs no password")
	assert.Equal(t, "config", again.next("session", "config").name, "and makes no other session")

	for _, forged := range []string{"9" + id, id + "x", id[:len(id)-1],
		strings.Replace(id, ".", "0.", 1)} {
		_, err := s.dial("/admin", auth{"sessionId": forged}, sioclient.Config{})
		assert.ErrorContains(t, err, "invalid credentials", forged)
	}
	assert.Contains(t, s.log.String(), "admin logged in")
	assert.Contains(t, s.log.String(), "admin refused")
	assert.NotContains(t, s.log.String(), "changeit")
	assert.NotContains(t, s.log.String(), id)
}

func TestSessionsEnd(t *testing.T) {
	config, err := Config{Auth: login, SessionKey: bytes.Repeat([]byte("k"), 16),
		SessionDuration: time.Hour}.withDefaults()
	require.NoError(t, err)
	a, now := &Admin{config: config}, time.Now()
	id := a.newSession(now)
	assert.True(t, a.isSession(id, now.Add(59*time.Minute)))
	assert.False(t, a.isSession(id, now.Add(time.Hour+time.Second)))
	assert.NotEqual(t, id, a.newSession(now))

	other := &Admin{config: config}
	assert.True(t, other.isSession(id, now), "servers with one key share the sessions")
	changed := config
	changed.Auth = &BasicAuth{Username: "admin",
		PasswordHash: strings.Replace(hash, "$2a$", "$2b$", 1)}
	assert.False(t, (&Admin{config: changed}).isSession(id, now), "a new password ends them")
	changed = config
	changed.SessionKey = bytes.Repeat([]byte("l"), 16)
	assert.False(t, (&Admin{config: changed}).isSession(id, now))
}

// A page of another origin may use the server, and not its admin namespace.
func TestOrigins(t *testing.T) {
	for name, config := range map[string]Config{"with a login": {Auth: login},
		"open": {Open: true}} {
		t.Run(name, func(t *testing.T) {
			config.Origins = []string{"https://admin.example.com"}
			s := start(t, config, sio.Config{})
			for header, allowed := range map[string]bool{
				"X-Test a program":                  true,
				"Origin " + s.url:                   true,
				"Origin https://admin.example.com":  true,
				"Origin http://evil.example":        false,
				"Origin null":                       false,
				"Origin http://127.0.0.1:1":         false,
				"Sec-Fetch-Site cross-site":         false,
				"Sec-Fetch-Site same-site":          false,
				"Sec-Fetch-Site same-origin":        true,
				"Sec-Fetch-Site none":               true,
				"Origin https://admin.example.com/": false,
			} {
				name, value, _ := strings.Cut(header, " ")
				for _, transport := range []string{sioclient.Polling, sioclient.WebSocket} {
					over := sioclient.Config{Transports: []string{transport},
						Header: http.Header{name: {value}}}
					_, err := s.dial("/admin", auth{"username": "admin", "password": "changeit"},
						over)
					if allowed {
						assert.NoError(t, err, header)
						continue
					}
					assert.ErrorContains(t, err, "pages of this origin", header)
					_, err = s.dial("/", nil, over)
					assert.NoError(t, err, "the main namespace has rules of its own")
				}
			}
		})
	}
}

// By DNS rebinding, the name of another site can lead to this machine.
func TestAnOpenAdminHasALocalName(t *testing.T) {
	a := &Admin{config: Config{Open: true, Origins: []string{"https://admin.example.com"}}}
	for host, allowed := range map[string]bool{
		"127.0.0.1:3000": true, "localhost:3000": true, "localhost": true, "[::1]:3000": true,
		"192.168.1.7": true, "[::1]": true,
		"evil.example:3000": false, "evil.example": false, "127.0.0.1.evil.example": false,
		"": false,
	} {
		assert.Equal(t, allowed, a.mayConnect(&http.Request{Host: host}), host)
		same := http.Header{"Origin": {"http://" + host}}
		assert.Equal(t, allowed, a.mayConnect(&http.Request{Host: host, Header: same}), host)
		named := http.Header{"Origin": {"https://admin.example.com"}}
		assert.True(t, a.mayConnect(&http.Request{Host: host, Header: named}), host)
	}
}

// shown is a description as an admin reads it.
type shown struct {
	ID, ClientID, Transport, Nsp string
	Data                         map[string]any
	Handshake                    map[string]any
	Rooms                        []string
}

func TestDevelopmentReportsEverything(t *testing.T) {
	s := start(t, Config{Auth: login}, sio.Config{})
	s.Use(func(s *sio.Socket) error {
		s.Set("name", "ann")
		s.Set("cannot be written", make(chan int))
		s.Join("early")
		return nil
	})
	s.OnConnection(func(s *sio.Socket) {
		s.Set("n", 1)
		s.Emit("welcome")
		s.On("echo", func(all sio.Args, ack sio.Ack) { s.Emit("echoed", all); ack() })
		s.On("join", func(room string, ack sio.Ack) { s.Join(room); ack() })
		s.On("leave", func(room string, ack sio.Ack) { s.Leave(room); ack() })
	})
	page := s.page()
	features := read[struct{ SupportedFeatures []string }](t, page.next("config"), 0)
	assert.Equal(t, []string{"EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE",
		"MDISCONNECT", "AGGREGATED_EVENTS", "ALL_EVENTS"}, features.SupportedFeatures)
	first := read[[]shown](t, page.next("all_sockets"), 0)
	require.Len(t, first, 1, "the admin itself")
	assert.Equal(t, "/admin", first[0].Nsp)

	header := http.Header{
		"Cookie": {"secret=1"}, "Authorization": {"secret"}, "X-Forwarded-For": {"192.0.2.7"},
		"X-Test": {"é"},
	}
	c, err := s.dial("/", auth{"secret": 1},
		sioclient.Config{Header: header, Transports: []string{sioclient.Polling}})
	require.NoError(t, err)
	connected := page.next("socket_connected")
	assert.NotContains(t, connected.String(), "secret")
	got := read[shown](t, connected, 0)
	conn := s.Socket(c.ID()).Conn()
	assert.Equal(t, conn.ID()[:12], got.ClientID)
	assert.NotContains(t, connected.String(), conn.ID(), "the session's id stays secret")
	assert.Equal(t, []any{c.ID(), "polling", "/", []string{c.ID(), "early"}},
		[]any{got.ID, got.Transport, got.Nsp, got.Rooms})
	assert.Equal(t, map[string]any{"name": "ann", "cannot be written": "(chan int)"}, got.Data)
	assert.Equal(t, "192.0.2.7", got.Handshake["address"])
	assert.Equal(t, "(hidden)", got.Handshake["headers"].(map[string]any)["cookie"])
	assert.ElementsMatch(t, []string{"address", "headers", "query", "issued", "secure", "time",
		"url", "xdomain"}, keys(got.Handshake))
	_, err = time.Parse(time.RFC3339, read[string](t, connected, 1))
	assert.NoError(t, err)

	assert.Equal(t, `{"id":"`+c.ID()+
		`","nsp":"/","data":{"cannot be written":"(chan int)","n":1,"name":"ann"}}`,
		string(read[json.RawMessage](t, page.next("socket_updated"), 0)))
	assert.Contains(t, page.next("event_sent").String(), `["/","`+c.ID()+`",["welcome"],"`)

	ask := func(event string, args ...any) {
		t.Helper()
		_, err := c.EmitWithAck(t.Context(), event, args...)
		require.NoError(t, err)
	}
	ask("echo", "1", []byte{2}, nil)
	for _, event := range []string{"event_received", "event_sent"} {
		r := page.next(event)
		name := map[string]string{"event_received": "echo", "event_sent": "echoed"}[event]
		assert.Equal(t, []any{name, "1", []byte{2}, nil}, r.args.Any(2), event)
	}
	ask("join", "room")
	assert.Contains(t, page.next("room_joined").String(), `["/","room","`+c.ID()+`","`)
	list := read[[]shown](t, s.page().next("all_sockets"), 0)
	i := slices.IndexFunc(list, func(d shown) bool { return d.Nsp == "/" })
	assert.Equal(t, []string{c.ID(), "early", "room"}, list[i].Rooms)
	assert.Equal(t, 1.0, list[i].Data["n"])
	ask("leave", "room")
	for page.next("room_left").args.Any(2) != c.ID() {
	}
	require.NoError(t, s.Emit("all", 7))
	assert.Contains(t, page.next("event_sent").String(), `["all",7]`)

	c.Close()
	for r := page.next("socket_disconnected"); ; r = page.next("socket_disconnected") {
		if r.args.Any(1) == c.ID() {
			assert.Contains(t, r.String(), `["/","`+c.ID()+`","client namespace disconnect","`)
			break
		}
	}
	until(t, "nothing is kept of a socket that is gone", func() bool {
		s.admin.mu.Lock()
		defer s.admin.mu.Unlock()
		return s.admin.members[memberID{"/", c.ID()}] == nil
	})
}

func keys(m map[string]any) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

func TestUpgradesAreReported(t *testing.T) {
	s := start(t, Config{Open: true}, sio.Config{})
	page := s.page()
	page.next("all_sockets")
	c, err := s.dial("/", nil, sioclient.Config{})
	require.NoError(t, err)
	got := read[shown](t, page.next("socket_connected"), 0)
	if got.Transport == "polling" {
		got = read[shown](t, page.next("socket_updated"), 0)
	}
	assert.Equal(t, []any{c.ID(), "/", "websocket"}, []any{got.ID, got.Nsp, got.Transport})
	until(t, "other servers get the change, too", func() bool {
		at, err := sio.Data[struct {
			Admin adminData `json:"_admin"`
		}](s.Socket(c.ID()))
		return err == nil && at.Admin.Transport == "websocket"
	})
}

func TestProductionReportsNumbersOnly(t *testing.T) {
	s := start(t, Config{Auth: login, Mode: Production, StatsInterval: 10 * time.Millisecond,
		ServerID: "one"}, sio.Config{})
	s.OnConnection(func(s *sio.Socket) {
		s.On("echo", func(text string, ack sio.Ack) { ack(text) })
	})
	s.Of("/chat")
	page := s.page()
	assert.Equal(t, []string{"EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE",
		"MDISCONNECT", "AGGREGATED_EVENTS"},
		read[struct{ SupportedFeatures []string }](t, page.next("config"), 0).SupportedFeatures)

	c, err := s.dial("/", nil, sioclient.Config{Transports: []string{sioclient.Polling}})
	require.NoError(t, err)
	_, err = c.EmitWithAck(t.Context(), "echo", "hello")
	require.NoError(t, err)
	assert.Nil(t, s.Socket(c.ID()).Get(adminKey))
	counts := map[string]uint64{}
	var last serverStats
	take := func() {
		r := page.next("server_stats", "all_sockets", "socket_connected", "room_joined",
			"event_received", "event_sent", "socket_disconnected")
		require.Equal(t, "server_stats", r.name)
		last = read[serverStats](t, r, 0)
		for _, e := range last.AggregatedEvents {
			counts[e.Type+e.SubType] += e.Count
			assert.InDelta(t, time.Now().UnixMilli(), e.Timestamp, 60_000)
			assert.Zero(t, e.Timestamp%1000)
		}
	}
	for last.Clients != 2 || counts["rawConnection"] < 1 || counts["packetsIn"] < 2 ||
		counts["bytesIn"] < 2 {
		take() // of what was before the page is connected, it hears nothing
	}
	assert.Equal(t, 1, last.PollingClients)
	assert.Equal(t, []namespaceStats{{"/", 1}, {"/admin", 1}, {"/chat", 0}}, last.Namespaces)
	assert.Equal(t, "one", last.ServerID)
	assert.NotZero(t, last.PID)
	assert.NotEmpty(t, last.Hostname)
	assert.Positive(t, last.Uptime)
	c.Close()
	for counts["rawDisconnectiontransport close"] < 1 {
		take()
	}
	stats := s.Engine().Stats()
	assert.LessOrEqual(t, counts["rawConnection"], stats.Opened)
	assert.LessOrEqual(t, counts["packetsIn"], stats.Received)
	assert.LessOrEqual(t, counts["bytesIn"], stats.ReceivedBytes)
	assert.LessOrEqual(t, counts["bytesOut"], stats.SentBytes, "the reports themselves count")
	assert.NotZero(t, counts["packetsOut"])
}

func TestWhatHasHappenedBetweenTwoReports(t *testing.T) {
	before := engineio.Stats{Opened: 1, Closed: map[engineio.Reason]uint64{engineio.PingTimeout: 4},
		Traffic: engineio.Traffic{Received: 5, Sent: 1}}
	after := engineio.Stats{
		Open: 9, Polling: 9, Opened: 3, Closed: map[engineio.Reason]uint64{engineio.PingTimeout: 4,
			engineio.TransportClose: 2},
		Traffic: engineio.Traffic{Received: 8, ReceivedBytes: 30, Sent: 1, SentBytes: 7},
	}
	assert.ElementsMatch(t, []aggregated{
		{7000, "rawConnection", "", 2}, {7000, "rawDisconnection", "transport close", 2},
		{7000, "packetsIn", "", 3}, {7000, "bytesIn", "", 30}, {7000, "bytesOut", "", 7},
	}, happened(before, after, time.UnixMilli(7999)))
	assert.Empty(t, happened(after, after, time.Now()))
}

func TestCommands(t *testing.T) {
	for name, config := range map[string]sio.Config{"": {}, "strict": {Strict: true}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, Config{Auth: login}, config)
			s.Of("/chat")
			page := s.page()
			a, b := s.client("/chat"), s.client("/chat")
			socket := func(c client) *sio.Socket { return s.Of("/chat").Socket(c.ID()) }
			rooms := func(c client) []string { return socket(c).Rooms()[1:] }

			page.Emit("emit", "/chat", a.ID(), "hello", "world", []byte{1})
			page.Emit("emit", "/chat", nil, "to all")
			assert.Equal(t, `hello ["world",<1 byte>]`, a.next("hello", "to all").String())
			assert.Equal(t, `to all []`, a.next("hello", "to all").String())
			assert.Equal(t, `to all []`, b.next("hello", "to all").String())

			page.Emit("join", "/chat", "red", a.ID())
			until(t, "one has joined", func() bool {
				return slices.Equal(rooms(a), []string{"red"})
			})
			page.Emit("join", "/chat", "blue")
			until(t, "all have joined", func() bool {
				return slices.Equal(rooms(b), []string{"blue"})
			})
			page.Emit("emit", "/chat", "red", "to the room")
			assert.Equal(t, "to the room []", a.next("to the room").String())
			page.Emit("leave", "/chat", "blue", "red")
			until(t, "the room has left", func() bool {
				return slices.Equal(rooms(a), []string{"red"})
			})
			assert.Equal(t, []string{"blue"}, rooms(b))
			page.Emit("leave", "/chat", "blue", nil)
			until(t, "all have left", func() bool { return len(rooms(b)) == 0 })

			page.Emit("emit", "/unknown", nil, "x")
			page.Emit("join", "/unknown", "x")
			page.Emit("emit", "/chat", 7, "x")
			page.Emit("_disconnect", "/chat", "yes")
			page.Emit("emit", "/chat", nil, "disconnect")
			page.Emit("_disconnect", "/chat", false, a.ID())
			until(t, "one is disconnected", func() bool { return socket(a) == nil })
			assert.NotNil(t, socket(b))
			assert.Equal(t, []string{"/", "/admin", "/chat"}, s.Namespaces(),
				"a command makes no namespace")
			until(t, "a client without a namespace closes its connection", func() bool {
				return s.Clients() == 2
			})
			page.Emit("_disconnect", "/chat", true)
			until(t, "the connection is closed", func() bool {
				return s.Clients() == 1 && s.Of("/chat").Len() == 0
			})
			assert.Contains(t, s.log.String(), "admin command")
		})
	}
}

func TestReadOnlyRefusesCommands(t *testing.T) {
	s := start(t, Config{Auth: login, ReadOnly: true, StatsInterval: 10 * time.Millisecond},
		sio.Config{})
	page := s.page()
	assert.Equal(t, []string{"AGGREGATED_EVENTS", "ALL_EVENTS"},
		read[struct{ SupportedFeatures []string }](t, page.next("config"), 0).SupportedFeatures)
	c := s.client("/")
	received := make(chan string, 10)
	s.Of("/admin").Sockets()[0].OnAny(func(name string, _ sio.Args) { received <- name })
	commands := []string{"emit", "join", "leave", "_disconnect"}
	page.Emit("emit", "/", nil, "hello")
	page.Emit("join", "/", "room", c.ID())
	page.Emit("leave", "/", c.ID())
	page.Emit("_disconnect", "/", true, c.ID())
	for _, command := range commands {
		assert.Equal(t, command, <-received)
	}
	page.next("server_stats")
	assert.Equal(t, []string{c.ID()}, s.Socket(c.ID()).Rooms())
	assert.Empty(t, c.heard)
}

func TestClose(t *testing.T) {
	s := start(t, Config{Auth: login}, sio.Config{})
	page, c := s.page(), s.client("/")
	gone := make(chan sioclient.Reason, 1)
	page.OnDisconnect(func(reason sioclient.Reason, _ error) { gone <- reason })
	s.admin.Close()
	s.admin.Close()
	assert.Equal(t, sioclient.Reason("io server disconnect"), <-gone)
	_, err := s.dial("/admin", auth{"username": "admin", "password": "changeit"},
		sioclient.Config{})
	assert.ErrorContains(t, err, "closed")
	s.Socket(c.ID()).Join("room")
	assert.Empty(t, s.admin.waiting)
}

func TestNamespacesThatAreMadeLater(t *testing.T) {
	s := start(t, Config{Auth: login, Namespace: "watch"},
		sio.Config{CleanupEmptyChildNamespaces: true})
	s.OfFunc(func(name string, _ sio.Handshake) bool { return strings.HasPrefix(name, "/dyn") })
	page, err := s.dial("/watch", auth{"username": "admin", "password": "changeit"},
		sioclient.Config{})
	require.NoError(t, err)
	page.next("all_sockets")
	for range 2 {
		c := s.client("/dyn1")
		assert.Equal(t, "/dyn1", read[shown](t, page.next("socket_connected"), 0).Nsp)
		c.Close()
		page.next("socket_disconnected")
		until(t, "the namespace is gone", func() bool { return s.Lookup("/dyn1") == nil })
	}
}

// A model keeps what the page shows. It counts as the page does, which takes a socket twice that
// joins a room that it was announced with.
type model struct {
	sockets map[string][]string       // rooms by id
	rooms   map[string]map[string]int // how often a socket is in a room
}

func (m *model) add(d shown) {
	if _, known := m.sockets[d.ID]; !known {
		m.sockets[d.ID] = d.Rooms
	}
	for _, room := range d.Rooms {
		if m.rooms[room] == nil {
			m.rooms[room] = map[string]int{}
		}
		if m.rooms[room][d.ID] == 0 {
			m.rooms[room][d.ID] = 1
		}
	}
}

func (m *model) take(t *testing.T, r reported) {
	switch r.name {
	case "all_sockets":
		m.sockets, m.rooms = map[string][]string{}, map[string]map[string]int{}
		for _, d := range read[[]shown](t, r, 0) {
			m.add(d)
		}
	case "socket_connected":
		m.add(read[shown](t, r, 0))
	case "socket_disconnected":
		delete(m.sockets, r.args.Any(1).(string))
	case "room_joined":
		room, id := r.args.Any(1).(string), r.args.Any(2).(string)
		if _, known := m.sockets[id]; known {
			if m.rooms[room] == nil {
				m.rooms[room] = map[string]int{}
			}
			m.rooms[room][id]++
		}
	case "room_left":
		room, id := r.args.Any(1).(string), r.args.Any(2).(string)
		if m.rooms[room] == nil {
			return
		}
		if m.rooms[room][id]--; m.rooms[room][id] <= 0 {
			delete(m.rooms[room], id)
		}
		if len(m.rooms[room]) == 0 {
			delete(m.rooms, room)
		}
	}
}

// Sockets come and go while the page connects. In the end the page shows the sockets that are left.
func TestThePageIsRightInTheEnd(t *testing.T) {
	s := start(t, Config{Auth: login}, sio.Config{})
	s.Use(func(s *sio.Socket) error { s.Join("early"); return nil })
	s.OnConnection(func(s *sio.Socket) {
		s.Join("hall")
		s.On("move", func(room string, ack sio.Ack) { s.Leave("hall"); s.Join(room); ack() })
	})
	var clients, pages []client
	var mu sync.Mutex
	var moving sync.WaitGroup
	for i := range 12 {
		moving.Go(func() {
			for range 8 {
				c, err := s.dial("/", nil,
					sioclient.Config{Transports: []string{sioclient.WebSocket}})
				if !assert.NoError(t, err) {
					return
				}
				_, err = c.EmitWithAck(t.Context(), "move", fmt.Sprint("room", i%3))
				assert.NoError(t, err)
				mu.Lock()
				clients = append(clients, c)
				var oldest client
				if len(clients) > 10 {
					oldest, clients = clients[0], clients[1:]
				}
				mu.Unlock()
				if oldest.Socket != nil {
					oldest.Close()
				}
			}
		})
		moving.Go(func() {
			page, err := s.dial("/admin", auth{"username": "admin", "password": "changeit"},
				sioclient.Config{Transports: []string{sioclient.WebSocket}})
			if assert.NoError(t, err) {
				mu.Lock()
				defer mu.Unlock()
				pages = append(pages, page)
			}
		})
	}
	moving.Wait()
	want := map[string]map[string]int{}
	var ids []string
	until(t, "the server has noticed who is gone", func() bool {
		return s.Len() == len(clients) && s.Of("/admin").Len() == len(pages)
	})
	for _, n := range []*sio.Namespace{s.Namespace, s.Of("/admin")} {
		for _, socket := range n.Sockets() {
			ids = append(ids, socket.ID())
			for _, room := range socket.Rooms() {
				if want[room] == nil {
					want[room] = map[string]int{}
				}
				want[room][socket.ID()] = 1
			}
		}
	}
	require.NotEmpty(t, pages)
	for _, page := range pages {
		m := model{map[string][]string{}, map[string]map[string]int{}}
		until(t, "the page shows what is there", func() bool {
			for {
				select {
				case r := <-page.heard:
					m.take(t, r)
					continue
				default:
				}
				return len(m.sockets) == len(ids) && assert.ObjectsAreEqual(want, m.rooms)
			}
		})
		for _, id := range ids {
			assert.Contains(t, m.sockets, id)
		}
	}
}

// A handler may change the values that it keeps with Set: no other goroutine reads them meanwhile.
func TestValuesOfASocketAreReadOnItsGoroutineOnly(t *testing.T) {
	s := start(t, Config{Auth: login}, sio.Config{})
	s.OnConnection(func(s *sio.Socket) {
		score := map[string]int{}
		s.Set("score", score)
		s.On("score", func(n int, ack sio.Ack) { score["n"] = n; s.Set("score", score); ack() })
	})
	c := s.client("/")
	var looking sync.WaitGroup
	for range 4 {
		looking.Go(func() {
			for range 5 {
				page, err := s.dial("/admin", auth{"username": "admin", "password": "changeit"},
					sioclient.Config{})
				if assert.NoError(t, err) {
					page.Close()
				}
			}
		})
	}
	for n := range 200 {
		_, err := c.EmitWithAck(t.Context(), "score", n)
		require.NoError(t, err)
	}
	looking.Wait()
	for _, d := range read[[]shown](t, s.page().next("all_sockets"), 0) {
		if d.Nsp == "/" {
			assert.Equal(t, map[string]any{"n": 199.0}, d.Data["score"])
		}
	}
}

// While the reports cannot be emitted as fast as they come, events are dropped, sockets are not.
func TestTooManyEvents(t *testing.T) {
	stuck, isStuck, first := make(chan bool), make(chan bool), sync.Once{}
	release := sync.OnceFunc(func() { close(stuck) })
	defer release()
	s := start(t, Config{Auth: login},
		sio.Config{Hooks: sio.Hooks{Sent: func(n *sio.Namespace, name string, _, _ int) {
			if n.Name() == "/admin" && name == "event_sent" {
				first.Do(func() { close(isStuck); <-stuck })
			}
		}}})
	page, c := s.page(), s.client("/")
	for read[shown](t, page.next("socket_connected"), 0).ID != c.ID() {
	}
	require.NoError(t, s.Socket(c.ID()).Emit("event"))
	<-isStuck
	for range maxWaiting + 500 {
		require.NoError(t, s.Socket(c.ID()).Emit("event"))
	}
	waiting := func() int {
		s.admin.mu.Lock()
		defer s.admin.mu.Unlock()
		return len(s.admin.waiting)
	}
	assert.Equal(t, maxWaiting, waiting())
	d := s.client("/")
	release()
	for read[shown](t, page.next("socket_connected"), 0).ID != d.ID() {
	}
	until(t, "the log says it", func() bool {
		return strings.Contains(s.log.String(), "events not reported")
	})
}

func TestAPanicOfTheParserEndsNothing(t *testing.T) {
	s := start(t, Config{Auth: login, StatsInterval: 5 * time.Millisecond},
		sio.Config{Hooks: sio.Hooks{}, Parser: faulty{}})
	page := s.page()
	page.next("config")
	until(t, "the panic is logged", func() bool {
		return strings.Contains(s.log.String(), "report panicked")
	})
	page.next("all_sockets")
}

// faulty is a parser that cannot write numbers of the server.
type faulty struct{ sio.JSONParser }

func (f faulty) Encode(p packet) []*engineio.Message {
	if bytes.HasPrefix(p.Data, []byte(`["server_stats"`)) {
		panic("on purpose")
	}
	return f.JSONParser.Encode(p)
}
