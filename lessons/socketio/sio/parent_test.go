package sio_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

func TestNewNamespacesAreAnnounced(t *testing.T) {
	io, url := serve(t, sio.Config{})
	made := make(chan string, 10)
	io.OnNewNamespace(func(n *sio.Namespace) { made <- n.Name() })
	io.OfRegexp(regexp.MustCompile(`^/dynamic-\d+$`))
	io.Of("/")
	io.Of("/nsp")
	io.Of("/nsp")
	io.Of("/dynamic-1")
	a := dial(t, url)
	a.write("40/dynamic-2,")
	require.Regexp(t, "^40/dynamic-2,", a.read())
	require.Len(t, made, 3)
	assert.Equal(t, []string{"/nsp", "/dynamic-1", "/dynamic-2"}, []string{<-made, <-made, <-made})
}

func TestAParentBroadcastsToRoomsOfItsChildren(t *testing.T) {
	io, url := serve(t, sio.Config{})
	parent := io.OfRegexp(regexp.MustCompile(`^/\d$`))
	parent.Use(func(s *sio.Socket) error {
		s.Join("all", "of "+s.Namespace().Name())
		return nil
	})
	a := dial(t, url)
	for _, name := range []string{"/1", "/2"} {
		a.write("40" + name + ",")
		require.Regexp(t, "^40"+name, a.read())
	}
	require.NoError(t, parent.To("of /2").Emit("one"))
	require.NoError(t, parent.In("all").Except("of /2").Emit("other"))
	assert.Equal(t, `42/2,["one"]`, a.read())
	assert.Equal(t, `42/1,["other"]`, a.read())
	require.NoError(t, parent.Send("both"))
	assert.ElementsMatch(t, []string{`42/1,["message","both"]`, `42/2,["message","both"]`},
		[]string{a.read(), a.read()})
	assert.ErrorIs(t, parent.Emit("connect"), sio.ErrReservedEvent)

	sockets, err := parent.In("all").FetchSockets(t.Context())
	require.NoError(t, err)
	assert.Len(t, sockets, 2)
	parent.SocketsJoin("later")
	assert.Len(t, io.Of("/1").Sockets()[0].Rooms(), 4)

	type result struct {
		answers []sio.Answer
		err     error
	}
	got := make(chan result)
	go func() {
		answers, err := parent.EmitWithAck(t.Context(), "both")
		got <- result{answers, err}
	}()
	assert.ElementsMatch(t, []string{`42/1,0["both"]`, `42/2,0["both"]`},
		[]string{a.read(), a.read()})
	a.write(`43/2,0["yes"]`, "41/1,")
	r := <-got
	var missing *sio.MissingAnswersError
	require.ErrorAs(t, r.err, &missing)
	assert.Len(t, missing.Sockets, 1, "who has left")
	assert.ErrorIs(t, r.err, sio.ErrDisconnected)
	require.Len(t, r.answers, 1)
	assert.Equal(t, "yes", r.answers[0].Args.Any(0))

	parent.DisconnectSockets(false)
	assert.Equal(t, "41/2,", a.read())
}

func TestLookupMakesNoNamespace(t *testing.T) {
	io, _ := serve(t, sio.Config{})
	io.OfRegexp(regexp.MustCompile(`^/dynamic`))
	assert.Nil(t, io.Lookup("/dynamic"))
	assert.Nil(t, io.Lookup("/nsp"))
	assert.Equal(t, io.Of("/nsp"), io.Lookup("/nsp"))
	assert.Equal(t, io.Namespace, io.Lookup("/"))
	assert.Equal(t, []string{"/", "/nsp"}, io.Namespaces())
}

func TestPrependConnectionRunsFirst(t *testing.T) {
	io, url := serve(t, sio.Config{})
	order := make(chan string, 10)
	note := func(who string) func(*sio.Socket) { return func(*sio.Socket) { order <- who } }
	io.OnConnection(note("second"))
	io.PrependConnection(note("first"))
	io.OnConnection(note("third"))
	join(t, url)
	assert.Equal(t, []string{"first", "second", "third"}, []string{<-order, <-order, <-order})
}
