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
