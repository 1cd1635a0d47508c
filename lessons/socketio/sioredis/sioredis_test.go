package sioredis_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// pair starts two servers of one cluster.
type pair func(t *testing.T) (a, b server, more func() server)

// everyAdapter lists the tests that apply to every adapter.
var everyAdapter = []struct {
	name string
	test func(*testing.T, pair)
}{
	{"BroadcastsReachEveryServer", testBroadcastsReachEveryServer},
	{"RoomsSpanServers", testRoomsSpanServers},
	{"LocalStaysLocal", testLocalStaysLocal},
	{"NamespacesAreApart", testNamespacesAreApart},
	{"DisconnectSocketsOfAnotherServer", testDisconnectSocketsOfAnotherServer},
	{"FetchSocketsOfAllServers", testFetchSocketsOfAllServers},
	{"DataThatIsNoJSONIsLeftOut", testDataThatIsNoJSONIsLeftOut},
	{"ServerSideEvents", testServerSideEvents},
	{"ServerSideHandlersMayAsk", testServerSideHandlersMayAsk},
	{"AnswersOfAllClients", testAnswersOfAllClients},
	{"AnswersOfNobody", testAnswersOfNobody},
	{"MissingAnswers", testMissingAnswers},
	{"MissingAnswersAfterTimeout", testMissingAnswersAfterTimeout},
	{"OneServersBroadcastsKeepTheirOrder", testOneServersBroadcastsKeepTheirOrder},
}

func TestEveryAdapter(t *testing.T) {
	for kind, config := range kinds {
		t.Run(kind, func(t *testing.T) {
			for _, test := range everyAdapter {
				t.Run(test.name, func(t *testing.T) { test.test(t, pairOf(config)) })
			}
		})
	}
}

func testBroadcastsReachEveryServer(t *testing.T, two pair) {
	a, b, _ := two(t)
	atA, atB := join(t, a), join(t, b)

	require.NoError(t, a.Emit("all", "你好", 1.5, nil))
	atA.reads(`42["all","你好",1.5,null]`)
	atB.reads(`42["all","你好",1.5,null]`)

	require.NoError(t, b.Emit("bytes", map[string]any{"deep": []byte{1, 2, 255}}, []byte{}))
	for _, p := range []peer{atA, atB} {
		p.reads(`452-["bytes",{"deep":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]`, "\x01\x02\xff", "")
	}

	require.NoError(t, a.Except(atB.id).Emit("but b"))
	require.NoError(t, a.To(atB.id).Emit("b alone"))
	require.NoError(t, a.To(atB.id, atA.id).Compress(false).Emit("both"))
	atA.reads(`42["but b"]`, `42["both"]`)
	atB.reads(`42["b alone"]`, `42["both"]`)
}

// arrived returns when the other servers have handled the requests of s. Redis keeps the order
// between requests and broadcasts; miniredis does not.
func arrived(t *testing.T, s server) {
	_, err := s.To("nobody").FetchSockets(t.Context())
	require.NoError(t, err)
}

func testRoomsSpanServers(t *testing.T, two pair) {
	a, b, _ := two(t)
	atA, atB, other := join(t, a), join(t, b), join(t, b)
	a.In(atA.id, atB.id).SocketsJoin("red", "blue#")
	arrived(t, a)
	require.NoError(t, a.To("red").Emit("to red"))
	require.NoError(t, a.To("red", "blue#").Emit("once"))
	require.NoError(t, a.Except("red").Emit("to the rest"))
	atA.reads(`42["to red"]`, `42["once"]`)
	atB.reads(`42["to red"]`, `42["once"]`)
	other.reads(`42["to the rest"]`)
	a.To(atB.id).SocketsLeave("red")
	arrived(t, a)
	require.NoError(t, a.To("red").Emit("red again"))
	require.NoError(t, a.To("blue#").Emit("blue"))
	atA.reads(`42["red again"]`, `42["blue"]`)
	atB.reads(`42["blue"]`)
}

func testLocalStaysLocal(t *testing.T, two pair) {
	a, b, _ := two(t)
	atA, atB := join(t, a), join(t, b)
	here := a.Local()
	require.NoError(t, here.Emit("here"))
	here.SocketsJoin("here")
	infos, err := here.FetchSockets(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 1)
	assert.Equal(t, []string{atA.id, "here"}, infos[0].Rooms)
	go func() {
		atA.reads(`42["here"]`, `420["answer"]`)
		atA.write(`430[1]`)
	}()
	answers, err := here.EmitWithAck(t.Context(), "answer")
	require.NoError(t, err)
	require.Len(t, answers, 1)
	assert.Equal(t, atA.id, answers[0].Socket)
	require.NoError(t, a.To("here").Emit("only a is in it"))
	require.NoError(t, a.Emit("done"))
	atB.reads(`42["done"]`)
	here.DisconnectSockets(false)
	atA.reads(`42["only a is in it"]`, `42["done"]`, `41`)
	require.NoError(t, b.Emit("b stays"))
	atB.reads(`42["b stays"]`)
}

func testNamespacesAreApart(t *testing.T, two pair) {
	a, b, _ := two(t)
	for _, s := range []server{a, b} {
		s.Of("/*")
		s.Of("/star")
	}
	main, star, plain := join(t, b), join(t, b, "/*"), join(t, b, "/star")
	require.NoError(t, a.Of("/*").Emit("to star"))
	require.NoError(t, a.Of("/star").Emit("to plain"))
	require.NoError(t, a.Emit("to main"))
	main.reads(`42["to main"]`)
	star.reads(`42/*,["to star"]`)
	plain.reads(`42/star,["to plain"]`)
}

func testDisconnectSocketsOfAnotherServer(t *testing.T, two pair) {
	a, b, _ := two(t)
	one, whole, stays := join(t, b), join(t, b), join(t, b)
	a.In(one.id).DisconnectSockets(false)
	a.In(whole.id).DisconnectSockets(true)
	one.reads(`41`)
	for {
		if _, data, err := whole.ReadMessage(); err != nil {
			break
		} else {
			require.Contains(t, []string{"41", "1"}, string(data))
		}
	}
	require.NoError(t, a.Emit("still there"))
	stays.reads(`42["still there"]`)
}

func testFetchSocketsOfAllServers(t *testing.T, two pair) {
	a, b, _ := two(t)
	joined := make(chan struct{})
	b.OnConnection(func(s *sio.Socket) {
		s.Set("name", "ann")
		s.Set("n", 1)
		s.Set("big", int64(1<<62+1))
		s.Join("red")
		close(joined)
	})
	atA, atB := join(t, a), join(t, b)
	<-joined // the client's acknowledgement may arrive earlier
	sockets, err := a.FetchSockets(t.Context())
	require.NoError(t, err)
	require.Len(t, sockets, 2)
	assert.Equal(t, atA.id, sockets[0].ID)

	sockets, err = a.To("red").FetchSockets(t.Context())
	require.NoError(t, err)
	require.Len(t, sockets, 1)
	got, want := sockets[0].SocketInfo, b.Socket(atB.id).Handshake()
	assert.Equal(t, []string{atB.id, "red"}, got.Rooms)
	assert.Equal(t, map[string]any{"name": "ann", "n": 1.0, "big": 0x1p62}, got.Data)
	type data struct {
		Name   string
		N, Big int64
	}
	typed, err := sio.Data[data](sockets[0])
	assert.NoError(t, err)
	assert.Equal(t, data{"ann", 1, 1<<62 + 1}, typed)
	here, err := sio.Data[data](b.Socket(atB.id))
	assert.NoError(t, err)
	assert.Equal(t, here, typed, "as on its own server")
	assert.Equal(t, want.Headers, got.Handshake.Headers)
	assert.Equal(t, want.Query, got.Handshake.Query)
	assert.Equal(t, want.URL, got.Handshake.URL)
	assert.Equal(t, "127.0.0.1", got.Handshake.Address, "the official adapter sends no port")
	assert.Equal(t, want.Time.UnixMilli(), got.Handshake.Time.UnixMilli())

	sockets[0].Join("blue")
	arrived(t, a)
	require.NoError(t, a.To("blue").Emit("from afar"))
	atB.reads(`42["from afar"]`)
}

func testDataThatIsNoJSONIsLeftOut(t *testing.T, two pair) {
	a, b, _ := two(t)
	b.OnConnection(func(s *sio.Socket) { s.Set("func", func() {}) })
	atB := join(t, b)
	sockets, err := a.FetchSockets(t.Context())
	require.NoError(t, err)
	require.Len(t, sockets, 1)
	assert.Equal(t, atB.id, sockets[0].ID)
	assert.Empty(t, sockets[0].Data)
}

func testServerSideEvents(t *testing.T, two pair) {
	a, b, more := two(t)
	c := more()
	heard := make(chan []any, 2)
	for _, s := range []server{b, c} {
		s.OnServerSide("hello", func(word string, data []byte) { heard <- []any{word, data} })
		s.OnServerSide("double", func(n int, ack sio.Ack) { ack(2 * n); ack("again") })
		s.OnServerSide("bytes", func(data []byte, ack sio.Ack) { ack(append(data, 9), "not this") })
		s.OnServerSide("nothing", func(ack sio.Ack) { ack() })
	}
	a.OnServerSide("hello", func() { t.Error("a server does not hear itself") })

	require.NoError(t, a.ServerSideEmit("hello", "you", []byte{1, 2}))
	for range 2 {
		assert.Equal(t, []any{"you", []byte{1, 2}}, <-heard)
	}
	answers, err := a.ServerSideEmitWithAck(t.Context(), "double", 21)
	require.NoError(t, err)
	require.Len(t, answers, 2)
	for _, answer := range answers {
		assert.Equal(t, 1, answer.Len())
		assert.Equal(t, 42.0, answer.Any(0))
	}
	answers, err = a.ServerSideEmitWithAck(t.Context(), "bytes", []byte{7})
	require.NoError(t, err)
	require.Len(t, answers, 2)
	assert.Equal(t, []byte{7, 9}, answers[0].Any(0))
	assert.Equal(t, 1, answers[0].Len())
	answers, err = a.ServerSideEmitWithAck(t.Context(), "nothing")
	require.NoError(t, err)
	require.Len(t, answers, 2)
	assert.Zero(t, answers[0].Len())
}

// A handler that asks the cluster waits for responses on the connection that delivered its event.
func testServerSideHandlersMayAsk(t *testing.T, two pair) {
	a, b, _ := two(t)
	join(t, a)
	b.OnServerSide("count", func(ack sio.Ack) {
		sockets, err := b.FetchSockets(context.Background())
		if assert.NoError(t, err) {
			ack(len(sockets))
		}
	})
	answers, err := a.ServerSideEmitWithAck(t.Context(), "count")
	require.NoError(t, err)
	require.Len(t, answers, 1)
	assert.Equal(t, 1.0, answers[0].Any(0))
}

func testAnswersOfAllClients(t *testing.T, two pair) {
	a, b, _ := two(t)
	for _, p := range []peer{join(t, a), join(t, b)} {
		go func() {
			p.reads(`420["question",{"a":1}]`)
			p.write(`430["yes","and more"]`)
		}()
	}
	ids := join(t, b)
	go func() {
		ids.reads(`420["question",{"a":1}]`)
		ids.write(`461-0[{"num":0,"_placeholder":true}]`)
		ids.WriteMessage(2, []byte{1, 2})
	}()
	answers, err := a.EmitWithAck(t.Context(), "question", map[string]int{"a": 1})
	require.NoError(t, err)
	require.Len(t, answers, 3)
	got := []any{}
	for _, answer := range answers {
		got = append(got, answer.Args.Any(0))
	}
	assert.ElementsMatch(t, []any{"yes", "yes", []byte{1, 2}}, got)
}

func testAnswersOfNobody(t *testing.T, two pair) {
	a, _, _ := two(t)
	answers, err := a.EmitWithAck(t.Context(), "question")
	require.NoError(t, err)
	assert.Empty(t, answers)
}

func testMissingAnswers(t *testing.T, two pair) {
	a, b, _ := two(t)
	silentA, silentB, atB := join(t, a), join(t, b), join(t, b)
	answered := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		silentA.reads(`420["question"]`)
		silentB.reads(`420["question"]`)
		atB.reads(`420["question"]`)
		atB.write(`430["yes"]`, `42["answered"]`)
		<-answered
		cancel()
	}()
	b.Socket(atB.id).On("answered", func() {
		// a receives it after the answer
		assert.NoError(t, b.ServerSideEmit("answered"))
	})
	a.OnServerSide("answered", func() { close(answered) })
	answers, err := a.EmitWithAck(ctx, "question")
	require.Len(t, answers, 1)
	assert.Equal(t, "yes", answers[0].Args.Any(0))
	assert.Empty(t, answers[0].Socket)
	var missing *sio.MissingAnswersError
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, []string{silentA.id, ""}, missing.Sockets)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "no answer from "+silentA.id+", 1 on other servers")
}

func testMissingAnswersAfterTimeout(t *testing.T, two pair) {
	a, b, _ := two(t)
	join(t, b)
	answers, err := a.Timeout(50*time.Millisecond).EmitWithAck(t.Context(), "question")
	assert.Empty(t, answers)
	assert.ErrorIs(t, err, sio.ErrTimeout)
}

func testOneServersBroadcastsKeepTheirOrder(t *testing.T, two pair) {
	a, b, _ := two(t)
	atB := join(t, b)
	const n = 2000
	go func() {
		for i := range n {
			assert.NoError(t, a.Emit("n", i))
		}
	}()
	for i := range n {
		atB.reads(fmt.Sprintf(`42["n",%d]`, i))
	}
}

// BenchmarkBroadcast measures a broadcast to a client of another server, with Redis in the same
// process.
func BenchmarkBroadcast(b *testing.B) {
	r := miniredis.RunT(b)
	here, there := start(b, r, sioredis.Config{}), start(b, r, sioredis.Config{})
	arrived := make(chan struct{}, b.N)
	p := join(b, there)
	go func() {
		for range b.N {
			p.read()
			arrived <- struct{}{}
		}
	}()
	b.ResetTimer()
	for range b.N {
		if err := here.Emit("hello", "a message of a chat"); err != nil {
			b.Fatal(err)
		}
	}
	for range b.N {
		<-arrived
	}
}
