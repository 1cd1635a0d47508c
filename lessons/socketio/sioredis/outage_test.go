package sioredis_test

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// silent is a server that receives requests and does not answer.
func silent(t *testing.T, r *miniredis.Miniredis) *redis.PubSub {
	sub := client(t, r).Subscribe(t.Context(), "socket.io-request#/#")
	t.Cleanup(func() { sub.Close() })
	_, err := sub.Receive(t.Context())
	require.NoError(t, err)
	return sub
}

func TestAServerThatIsGone(t *testing.T) {
	r := miniredis.RunT(t)
	a, b := start(t, r, sioredis.Config{RequestTimeout: time.Second}),
		start(t, r, sioredis.Config{})
	silent(t, r)
	b.OnServerSide("ping", func(ack sio.Ack) { ack("pong") })
	atB := join(t, b)

	sockets, err := a.FetchSockets(t.Context())
	require.Len(t, sockets, 1)
	assert.Equal(t, atB.id, sockets[0].ID)
	var missing *sioredis.MissingServersError
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, sioredis.MissingServersError{Answered: 1, Asked: 2, Err: sio.ErrTimeout},
		*missing)

	answers, err := a.ServerSideEmitWithAck(t.Context(), "ping")
	require.Len(t, answers, 1)
	assert.Equal(t, "pong", answers[0].Any(0))
	assert.ErrorIs(t, err, sio.ErrTimeout)

	go func() {
		atB.reads(`420["question"]`)
		atB.write(`430["yes"]`)
	}()
	of, err := a.Timeout(time.Second).EmitWithAck(t.Context(), "question")
	require.Len(t, of, 1)
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, sioredis.MissingServersError{Answered: 1, Asked: 2, Err: sio.ErrTimeout},
		*missing)
	var answerless *sio.MissingAnswersError
	require.ErrorAs(t, err, &answerless)
	assert.Empty(t, answerless.Sockets)
}

func TestContextEndsTheWait(t *testing.T) {
	a, _, r := two(t)
	requests := silent(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := requests.ReceiveMessage(context.Background())
		assert.NoError(t, err)
		cancel()
	}()
	_, err := a.FetchSockets(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestCloseEndsEveryWait(t *testing.T) {
	a, _, r := two(t)
	requests := silent(t, r)
	errs := make(chan error, 2)
	go func() {
		_, err := a.FetchSockets(context.Background())
		errs <- err
	}()
	go func() {
		_, err := a.EmitWithAck(context.Background(), "question")
		errs <- err
	}()
	for range 2 {
		_, err := requests.ReceiveMessage(t.Context())
		require.NoError(t, err)
	}
	a.close()
	for range 2 {
		assert.ErrorIs(t, <-errs, sioredis.ErrClosed)
	}
	require.NoError(t, a.Emit("no server receives this"))
}

func TestAnEndedServerLeavesNothingAtRedis(t *testing.T) {
	a, b, r := two(t)
	b.Of("/chat")
	// two of each namespace, and one of each server in it
	require.Len(t, r.PubSubChannels(""), 2*2+3)
	require.Equal(t, 3, r.PubSubNumPat())
	a.close()
	b.close()
	require.Eventually(t, func() bool {
		return len(r.PubSubChannels(""))+r.PubSubNumPat() == 0
	}, time.Minute, time.Millisecond)
}

func TestAChildNamespaceComesAndGoes(t *testing.T) {
	r := miniredis.RunT(t)
	config := sioredis.Config{Client: client(t, r), Log: quiet}
	s := serve(t, sio.Config{Adapter: sioredis.New(config).Adapter,
		CleanupEmptyChildNamespaces: true})
	gone := make(chan struct{})
	s.OfFunc(func(string, sio.Handshake) bool { return true }).OnConnection(func(s *sio.Socket) {
		s.OnDisconnect(func(sio.Reason) { gone <- struct{}{} })
	})
	for range 3 {
		p := join(t, s, "/child")
		require.NoError(t, s.Of("/child").Emit("hi"))
		p.reads(`42/child,["hi"]`)
		p.write(`41/child,`)
		<-gone
	}
}

func TestRedisGoesAndComesBack(t *testing.T) {
	a, b, r := two(t)
	atA, atB := join(t, a), join(t, b)
	r.Close()
	require.NoError(t, a.Emit("alone"))
	atA.reads(`42["alone"]`)
	_, err := a.FetchSockets(t.Context())
	require.Error(t, err)
	answers, err := a.To("nobody").EmitWithAck(t.Context(), "question")
	require.Error(t, err)
	require.Empty(t, answers)
	var missing *sio.MissingAnswersError
	require.ErrorAs(t, err, &missing)

	require.NoError(t, r.Restart())
	require.Eventually(t, func() bool {
		return r.PubSubNumSub("socket.io-request#/#")["socket.io-request#/#"] == 2
	}, time.Minute, 20*time.Millisecond)
	require.Eventually(t, func() bool {
		return r.PubSubNumPat() == 2
	}, time.Minute, 20*time.Millisecond)
	require.NoError(t, a.Emit("together"))
	atA.reads(`42["together"]`)
	first := atB.read()
	if first == `42["alone"]` {
		// go-redis dials several times, so the publish may have outlived the outage
		first = atB.read()
	}
	assert.Equal(t, `42["together"]`, first)
}

func TestWithoutRedisAServerServesItsOwn(t *testing.T) {
	r := miniredis.RunT(t)
	config := sioredis.Config{Client: client(t, r), RequestTimeout: 50 * time.Millisecond,
		Log: quiet}
	r.Close()
	a := serve(t, sio.Config{Adapter: sioredis.New(config).Adapter})
	atA := join(t, a)
	require.NoError(t, a.Emit("alone"))
	atA.reads(`42["alone"]`)
}
