package sio_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

func TestTheQueryOfAnOlderClientsNamespace(t *testing.T) {
	io, url := serve(t, sio.Config{Engine: engineio.Config{AllowEIO3: true}})
	io.Of("/a").OnConnection(func(s *sio.Socket) {
		var auth any
		if s.Handshake().Auth(&auth) == nil {
			s.Emit("auth", auth)
		}
	})
	url = strings.Replace(url, "EIO=4", "EIO=3", 1)
	for packet, auth := range map[string]string{
		"40/a":                         `{}`,
		"40/a?":                        `{}`,
		"40/a?token=1&x=y%20z+%c3%A9,": `{"token":"1","x":"y z é"}`,
		"40/a?a=1&a=2&&b&c=&=d":        `{"":"d","a":"2","b":"","c":""}`,
		"40/a?a=1;b=2=3":               `{"a":"1;b=2=3"}`,
		"40/a?a=%zz%4&b=%41%":          `{"a":"%zz%4","b":"A%"}`,
		"40/a#b?c=d":                   `{}`,
		`40/a,{"x":1}`:                 `{}`,
	} {
		a := dial(t, url)
		require.Equal(t, "40", a.read())
		a.write(packet)
		require.Equal(t, "40/a,", a.read(), packet)
		assert.Equal(t, `42/a,["auth",`+auth+`]`, a.read(), packet)
	}
}
