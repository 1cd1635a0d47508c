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
	assert.ElementsMatch(t, []string{`42/1,["message","both"]`, `42/2,["message","both"]`}, []string{a.read(), a.read()})
	assert.ErrorIs(t, parent.Emit("connect"), sio.ErrReservedEvent)
}
