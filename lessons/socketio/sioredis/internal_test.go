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
	j := job{channel: "c", message: message}
	o := outbox{limit: 3 * j.size(), wake: make(chan struct{}, 1)}
	for range 3 {
		assert.True(t, o.put(j))
	}
	assert.False(t, o.put(j))
	o.order(job{kind: listen, subscriptions: subscriptions{channels: []string{"c"}}}) // always
	jobs := o.take()
	require.Len(t, jobs, 4)
	assert.False(t, o.put(j), "what is being sent counts")
	o.sent(jobs[:1])
	assert.True(t, o.put(j))
	o.close()
	assert.Len(t, o.take(), 1)
	assert.False(t, o.put(j))
	assert.Empty(t, o.take())
}

func TestTimeoutsOnTheWire(t *testing.T) {
	for ms, want := range map[float64]time.Duration{0: 0, 1.5: 1500 * time.Microsecond, -5: 0,
		1e300: 24 * time.Hour} {
		assert.Equal(t, want, options{Flags: &wireFlags{Timeout: ms}}.flags().Timeout)
	}
	assert.Equal(t, 2000.0, newOptions(sio.Selection{}, sio.Flags{Timeout: 2 * time.Second}).
		Flags.Timeout)
}

func FuzzWire(f *testing.F) {
	broadcast, err := message{"u", siopacket.Packet{Type: siopacket.Event, Data: []byte(`["x",1]`)},
		*newOptions(sio.Selection{Rooms: []string{"a"}}, sio.Flags{})}.append(nil)
	require.NoError(f, err)
	f.Add(broadcast)
	ask, err := request{UID: "u", ID: "r", Kind: askClients, Opts: &options{},
		packet: siopacket.Packet{Type: siopacket.Event, Data: []byte(`["x"]`)}}.encode()
	require.NoError(f, err)
	f.Add(ask)
	f.Add([]byte(`{"type":6,"data":["x"]}`))
	cluster, err := clusterOfMessage(message{"u",
		siopacket.Packet{Type: siopacket.Event, Data: []byte(`["x",{"_placeholder":true,"num":0}]`),
			Attachments: [][]byte{{1}}}, options{}})
	require.NoError(f, err)
	packed, err := cluster.encode()
	require.NoError(f, err)
	f.Add(packed)
	data, err := cluster.entryData()
	require.NoError(f, err)
	f.Add([]byte(data))
	session, err := encodeSession(sio.Session{ID: "i", PID: "p",
		Rooms: []sio.SessionRoom{{Name: "red"}}})
	require.NoError(f, err)
	f.Add(session)
	f.Add([]byte(
		`{"requestId":"r","sockets":[{"id":"x","rooms":[1],"handshake":{"headers":{"a":"b"}}}]}`))
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
		if c, err := parseCluster(wire); err == nil {
			v, err := c.meaning("/")
			if m, ok := v.(message); ok && err == nil {
				assert.NotEmpty(t, m.packet.Args(), "an event has a name")
			}
		}
		e := entry{kind: clusterBroadcast, data: string(wire)}
		if v, err := e.meaning(); err == nil {
			m, ok := v.(message)
			if !ok {
				assert.Equal(t, askClients, v.(request).Kind)
			} else {
				assert.NotEmpty(t, m.packet.Args(), "an event has a name")
			}
		}
		_, _ = decodeSession(string(wire))
		if r, err := parseResponse(wire); err == nil {
			_, _ = parseInfos(r.Sockets, r.attachments)
		}
	})
}

// Redis accepts a message even without subscribers. In a failover, publishing works again before
// the subscriptions do.
func TestMessagesWithoutASubscriberAreCountedAsLost(t *testing.T) {
	r := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: r.Addr()})
	defer client.Close()
	l := &link{config: Config{Client: client}, acked: map[string]string{}}
	messages := []job{
		{channel: "socket.io#/#", heard: true}, {channel: "socket.io#/#room#", heard: true},
		{channel: "socket.io-response#/#x#"},
	}
	lost, err := l.attempt(messages)
	assert.NoError(t, err, "there is no subscriber yet")
	assert.Empty(t, lost)
	l.subscribed.Store(true)
	lost, err = l.attempt(messages)
	assert.ErrorIs(t, err, errNoSubscriber)
	assert.Len(t, lost, 2, "a response may come too late")

	sub := client.Subscribe(t.Context(), "socket.io#/#")
	defer sub.Close()
	_, err = sub.Receive(t.Context())
	require.NoError(t, err)
	lost, _ = l.attempt(messages)
	assert.Len(t, lost, 1)
	r.Close()
	lost, err = l.attempt(messages)
	assert.Error(t, err)
	assert.Len(t, lost, 3)
}
