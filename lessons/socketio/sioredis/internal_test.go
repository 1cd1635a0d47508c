package sioredis

import (
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

func TestOutboxIsBounded(t *testing.T) {
	message := make([]byte, 1000)
	o := outbox{limit: 3 * (job{channel: "c", message: message}).size(), wake: make(chan struct{}, 1)}
	for range 3 {
		assert.True(t, o.publish("c", message))
	}
	assert.False(t, o.publish("c", message))
	o.order(job{subscribe: []string{"c"}}) // always
	jobs := o.take()
	require.Len(t, jobs, 4)
	assert.False(t, o.publish("c", message), "what is being sent counts")
	o.sent(jobs[:1])
	assert.True(t, o.publish("c", message))
	o.close()
	assert.Len(t, o.take(), 1)
	assert.True(t, o.publish("c", message), "nobody is told")
	assert.Empty(t, o.take())
}

func TestTimeoutsOnTheWire(t *testing.T) {
	for ms, want := range map[float64]time.Duration{0: 0, 1.5: 1500 * time.Microsecond, -5: 0, 1e300: 24 * time.Hour} {
		assert.Equal(t, want, options{Flags: &wireFlags{Timeout: ms}}.flags().Timeout)
	}
	assert.Equal(t, 2000.0, newOptions(sio.Selection{}, sio.Flags{Timeout: 2 * time.Second}).Flags.Timeout)
}

func FuzzWire(f *testing.F) {
	broadcast, err := message{"u", siopacket.Packet{Type: siopacket.Event, Data: []byte(`["x",1]`)}, *newOptions(sio.Selection{Rooms: []string{"a"}}, sio.Flags{})}.append(nil)
	require.NoError(f, err)
	f.Add(broadcast)
	ask, err := request{UID: "u", ID: "r", Kind: askClients, Opts: &options{}, packet: siopacket.Packet{Type: siopacket.Event, Data: []byte(`["x"]`)}}.encode()
	require.NoError(f, err)
	f.Add(ask)
	f.Add([]byte(`{"type":6,"data":["x"]}`))
	f.Add([]byte(`{"requestId":"r","sockets":[{"id":"x","rooms":[1],"handshake":{"headers":{"a":"b"}}}]}`))
	f.Fuzz(func(t *testing.T, wire []byte) {
		if m, err := parseMessage(wire, "self"); err == nil && m.uid != "self" {
			again, err := m.append(nil)
			require.NoError(t, err)
			back, err := parseMessage(again, "self")
			require.NoError(t, err)
			assert.True(t, slices.Equal(m.opts.Rooms, back.opts.Rooms))
			assert.True(t, slices.Equal(m.opts.Except, back.opts.Except))
			assert.NotEmpty(t, m.packet.Args(), "an event has a name")
		}
		if r, err := parseRequest(wire); err == nil && r.Kind == serverSideEmit {
			assert.NotEmpty(t, siopacket.Packet{Data: r.Data}.Args(), "an event has a name")
		}
		if r, err := parseResponse(wire); err == nil {
			_, _ = parseInfos(r.Sockets)
		}
	})
}

// Redis takes a message without asking whether anybody hears it. At a failover, the subscriptions come
// back later than the publishing.
func TestMessagesWithoutASubscriberAreCountedAsLost(t *testing.T) {
	r := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: r.Addr()})
	defer client.Close()
	l := &link{config: Config{Client: client}}
	messages := []job{{channel: "socket.io#/#"}, {channel: "socket.io#/#room#"}, {channel: "socket.io-response#/#x#"}}
	lost, err := l.publishAll(messages)
	assert.NoError(t, err, "nobody has subscribed yet")
	assert.Zero(t, lost)
	l.subscribed.Store(true)
	lost, err = l.publishAll(messages)
	assert.ErrorIs(t, err, errNoSubscriber)
	assert.Equal(t, 2, lost, "a response may come too late")

	sub := client.Subscribe(t.Context(), "socket.io#/#")
	defer sub.Close()
	_, err = sub.Receive(t.Context())
	require.NoError(t, err)
	lost, _ = l.publishAll(messages)
	assert.Equal(t, 1, lost)
	r.Close()
	lost, err = l.publishAll(messages)
	assert.Error(t, err)
	assert.Equal(t, 3, lost)
}
