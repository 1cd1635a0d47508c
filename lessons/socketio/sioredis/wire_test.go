package sioredis_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// wire sends and receives literal messages, as a server of another implementation would.
type wire struct {
	*testing.T
	sub *redis.PubSub
	db  *redis.Client
}

// tapped starts a server alone on a Redis; wire receives every message.
func tapped(t *testing.T, config sioredis.Config) (server, wire) {
	r := miniredis.RunT(t)
	s := start(t, r, config)
	w := wire{t, nil, client(t, r)}
	w.sub = w.db.PSubscribe(t.Context(), "*")
	t.Cleanup(func() { w.sub.Close() })
	_, err := w.sub.Receive(t.Context())
	require.NoError(t, err)
	return s, w
}

var random = regexp.MustCompile(`[A-Z2-7]{16}`)

// sees checks the next message, in which UID stands for the random parts.
func (w wire) sees(channel, message string) {
	w.Helper()
	m := w.next()
	assert.Equal(w, channel, random.ReplaceAllString(m.Channel, "UID"))
	assert.Equal(w, message, random.ReplaceAllString(m.Payload, "UID"))
}

func (w wire) next() *redis.Message {
	w.Helper()
	m, err := w.sub.ReceiveTimeout(w.Context(), 10*time.Second)
	require.NoError(w, err)
	return m.(*redis.Message)
}

func (w wire) says(channel, message string) {
	require.NoError(w, w.db.Publish(w.Context(), channel, message).Err())
}

// asks publishes a request, and checks that it arrives.
func (w wire) asks(message string) {
	w.Helper()
	w.says("socket.io-request#/#", message)
	w.sees("socket.io-request#/#", message)
}

func TestWhatIsSent(t *testing.T) {
	s, w := tapped(t, sioredis.Config{})
	require.NoError(t, s.Emit("hello", []byte{1}))
	w.sees("socket.io#/#", "\x93\xb0UID"+
		"\x83\xa4type\x02\xa4data\x92\xa5hello\xc4\x01\x01\xa3nsp\xa1/"+
		"\x83\xa5rooms\x90\xa6except\x90\xa5flags\x80")
	require.NoError(t, s.To("a").Except("b").Volatile().Compress(false).Emit("x"))
	w.sees("socket.io#/#a#", "\x93\xb0UID"+
		"\x83\xa4type\x02\xa4data\x91\xa1x\xa3nsp\xa1/"+
		"\x83\xa5rooms\x91\xa1a\xa6except\x91\xa1b\xa5flags\x82\xa8volatile\xc3\xa8compress\xc2")
	require.NoError(t, s.To("a", "b").Emit("x"))
	assert.Equal(t, "socket.io#/#", w.next().Channel)

	s.In("a").SocketsJoin("b", "c")
	w.sees("socket.io-request#/#",
		`{"uid":"UID","type":2,"opts":{"rooms":["a"],"except":[],"flags":{}},"rooms":["b","c"]}`)
	s.Except("a").SocketsLeave("b")
	w.sees("socket.io-request#/#",
		`{"uid":"UID","type":3,"opts":{"rooms":[],"except":["a"],"flags":{}},"rooms":["b"]}`)
	s.DisconnectSockets(true)
	w.sees("socket.io-request#/#",
		`{"uid":"UID","type":4,"opts":{"rooms":[],"except":[],"flags":{}},"close":true}`)
	require.NoError(t, s.ServerSideEmit("ping", 1, "<é>"))
	w.sees("socket.io-request#/#", `{"uid":"UID","type":6,"data":["ping",1,"<é>"]}`)
	require.NoError(t, s.ServerSideEmit("ping", []byte{1}))
	w.sees("socket.io-request#/#", "\x83\xa3uid\xb0UID\xa4type\x06\xa4data\x92\xa4ping\xc4\x01\x01")
}

func TestABroadcastFromElsewhere(t *testing.T) {
	s, w := tapped(t, sioredis.Config{})
	p := join(t, s)
	s.Socket(p.id).Join("7", "red")
	packet := "\x83\xa4type\x02\xa4data\x91\xa1"
	// without flags
	w.says("socket.io#/#", "\x93\xa1u"+packet+"a\xa3nsp\xa1/\x82\xa5rooms\x90\xa6except\x90")
	// a room that is a number
	w.says("socket.io#/#7#", "\x93\xa1u"+packet+"b\xa3nsp\xa1/\x82\xa5rooms\x91\x07\xa6except\x90")
	// of a namespace "/#…"
	w.says("socket.io#/#", "\x93\xa1u"+packet+"c\xa3nsp\xa2/x\x82\xa5rooms\x90\xa6except\x90")
	w.says("socket.io#/#", "\x93\xa1u"+packet+"d\xa3nsp\xa1/\x82\xa5rooms\x90\xa6except\x91\xa3red")
	w.says("socket.io#/#nobody#", "\x93\xa1u"+packet+
		"e\xa3nsp\xa1/\x82\xa5rooms\x91\xa6nobody\xa6except\x90")
	w.says("socket.io#/#", "\x93\xa1u"+packet+
		"f\xa3nsp\xa1/\x83\xa5rooms\x90\xa6except\xc0\xa5flags\x81\xa8compress\xc3")
	p.reads(`42["a"]`, `42["b"]`, `42["f"]`)
}

func TestRequestsFromElsewhere(t *testing.T) {
	s, w := tapped(t, sioredis.Config{})
	p := join(t, s)
	s.Socket(p.id).Join("red")

	w.asks(`{"requestId":"1","type":0,"rooms":["red"]}`)
	w.sees("socket.io-response#/#", `{"requestId":"1","sockets":["`+p.id+`"]}`)
	w.asks(`{"requestId":"2","type":0,"rooms":["blue"]}`)
	w.sees("socket.io-response#/#", `{"requestId":"2","sockets":[]}`)
	w.asks(`{"requestId":"3","type":1}`)
	w.sees("socket.io-response#/#", `{"requestId":"3","rooms":["`+p.id+`","red"]}`)
	w.asks(`{"requestId":"4","type":2,"sid":"` + p.id + `","room":7}`)
	w.sees("socket.io-response#/#", `{"requestId":"4"}`)
	assert.Equal(t, []string{p.id, "red", "7"}, s.Socket(p.id).Rooms())
	w.asks(`{"requestId":"5","type":3,"sid":"` + p.id + `","room":"7"}`)
	w.sees("socket.io-response#/#", `{"requestId":"5"}`)
	assert.Equal(t, []string{p.id, "red"}, s.Socket(p.id).Rooms())

	w.asks(`{"requestId":"6","type":5,"opts":{"rooms":["blue"],"except":[]}}`)
	w.sees("socket.io-response#/#", `{"requestId":"6","sockets":[]}`)
	s.OnServerSide("ping", func(ack sio.Ack) { ack(map[string]int{"n": 1}) })
	w.asks(`{"uid":"u","requestId":"7","type":6,"data":["ping"]}`)
	w.sees("socket.io-response#/#", `{"type":6,"requestId":"7","data":{"n":1}}`)

	w.asks("\x84\xa4type\x07\xa9requestId\xa18\xa6packet\x83\xa4type\x02\xa4data\x91\xa1q\xa3nsp\xa1/\xa4opts\x82\xa5rooms\x90\xa6except\x90")
	w.sees("socket.io-response#/#", `{"type":8,"requestId":"8","clientCount":1}`)
	p.reads(`420["q"]`)
	p.write(`430[{"yes":true},2]`)
	w.sees("socket.io-response#/#", `{"type":9,"requestId":"8","packet":{"yes":true}}`)

	w.asks(`{"requestId":"9","type":4,"sid":"` + p.id + `"}`)
	p.reads(`41`)
	w.sees("socket.io-response#/#", `{"requestId":"9"}`)
}

func TestResponsesToOneServer(t *testing.T) {
	_, w := tapped(t, sioredis.Config{SpecificResponses: true, Key: "app"})
	w.says("app-request#/#", `{"uid":"u","requestId":"1","type":1}`)
	w.sees("app-request#/#", `{"uid":"u","requestId":"1","type":1}`)
	w.sees("app-response#/#u#", `{"requestId":"1","rooms":[]}`)
	w.says("app-request#/#", `{"requestId":"2","type":1}`)
	w.sees("app-request#/#", `{"requestId":"2","type":1}`)
	w.sees("app-response#/#", `{"requestId":"2","rooms":[]}`)
}

// hostile lists invalid messages.
var hostile = []string{
	"", "{", "{}", "[]", "null", "7", "{\"type\":\"x\"}", "{}{}", "\xc1", "\x80", "\x90",
	"\x93", "\xff",
	"\xdf\xff\xff\xff\xff", "\xdd\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff",
	strings.Repeat("\x91", 1<<18), strings.Repeat(`{"type":`, 1<<16),
	"\x93\x01\x02\x03", "\x93\xa1u\xc0\xc0", "\x93\xa1u\x80\x80", "\x92\xa1u\x80",
	// an event without a name
	"\x93\xa1u\x83\xa4type\x02\xa4data\x90\xa3nsp\xa1/\x80",
	"\x93\xa1u\x83\xa4type\x02\xa4data\x91\xa7connect\xa3nsp\xa1/\x80", // a reserved one
	"\x93\xa1u\x83\xa4type\x00\xa4data\x80\xa3nsp\xa1/\x80",            // no event
	// rooms that are not an array
	"\x93\xa1u\x83\xa4type\x02\xa4data\x91\xa1x\xa3nsp\xa1/\x81\xa5rooms\xa1x",
	// a room that is an object
	"\x93\xa1u\x83\xa4type\x02\xa4data\x91\xa1x\xa3nsp\xa1/\x81\xa5rooms\x91\x80",
	`{"type":2}`, `{"type":2,"opts":null}`, `{"type":2,"opts":{"rooms":7}}`,
	`{"type":2,"rooms":[{}]}`, `{"type":3,"sid":"nobody","room":[]}`,
	`{"type":4,"close":"x"}`, `{"type":5}`, `{"type":5,"requestId":"x"}`, `{"type":6}`,
	`{"type":6,"data":[]}`, `{"type":6,"data":{}}`,
	`{"type":6,"data":[{}]}`, `{"type":7,"requestId":"x","opts":{}}`, `{"type":99}`, `{"type":-1}`,
	`{"type":1e400}`,
	"\x83\xa4type\x07\xa9requestId\xa1x\xa4opts\x80",
	"\x84\xa4type\x07\xa9requestId\xa1x\xa4opts\x80\xa6packet\x83\xa4type\x02\xa4data\x90\xa3nsp\xa1/",
	`{"requestId":7}`, `{"requestId":null,"sockets":7}`,
	`{"type":8,"requestId":"x","clientCount":-5}`,
}

func TestMalformedMessagesHarmNothing(t *testing.T) {
	s, w := tapped(t, sioredis.Config{})
	p := join(t, s)
	for _, message := range hostile {
		for _, channel := range []string{"socket.io#/#", "socket.io#/#" + p.id + "#",
			"socket.io-request#/#", "socket.io-response#/#"} {
			w.says(channel, message)
		}
	}
	w.says("socket.io#/#",
		"\x93\xa1u\x83\xa4type\x02\xa4data\x91\xa4well\xa3nsp\xa1/\x82\xa5rooms\x90\xa6except\x90")
	p.reads(`42["well"]`)
	w.says("socket.io-request#/#", `{"requestId":"last","type":0}`)
	for m := w.next(); m.Payload != `{"requestId":"last","sockets":["`+p.id+`"]}`; m = w.next() {
		if m.Channel == "socket.io-response#/#" {
			assert.Contains(t, hostile, m.Payload, "nothing else was answered")
		}
	}
}

var requestID = regexp.MustCompile(`"requestId":"(\w+)"`)

func TestMalformedResponsesDoNotCount(t *testing.T) {
	r := miniredis.RunT(t)
	s := start(t, r, sioredis.Config{})
	requests := silent(t, r)
	w := wire{t, nil, client(t, r)}
	var answering sync.WaitGroup
	answering.Go(func() {
		m, err := requests.ReceiveMessage(t.Context())
		if !assert.NoError(t, err) {
			return
		}
		id := requestID.FindStringSubmatch(m.Payload)[1]
		for _, sockets := range []string{`7`, `null,"sockets":[7]`, `[{"id":{}}]`,
			`[{"id":"x","rooms":["x",7],"data":"text","handshake":{"headers":{"a":["b","c"]},"query":{"n":1}}}]`} {
			w.says("socket.io-response#/#", `{"requestId":"`+id+`","sockets":`+sockets+`}`)
		}
	})
	sockets, err := s.FetchSockets(t.Context())
	answering.Wait()
	require.NoError(t, err)
	require.Len(t, sockets, 1)
	assert.Equal(t, "x", sockets[0].ID)
	assert.Equal(t, []string{"x", "7"}, sockets[0].Rooms)
	assert.Equal(t, []string{"b", "c"}, sockets[0].Handshake.Headers["A"])
	assert.Equal(t, "1", sockets[0].Handshake.Query.Get("n"))
}
