package sio_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

// joinToReturn is a client that knows what it has to send to be recovered.
func joinToReturn(t *testing.T, io *sio.Server, url string) (a peer, sid, back string) {
	a = dial(t, url)
	a.write("40")
	session := regexp.MustCompile(`"sid":"([^"]+)","pid":"([^"]+)"`).FindStringSubmatch(a.read())
	require.NotNil(t, session)
	io.Emit("first")
	offset := regexp.MustCompile(`^42\["first","(\w+)"\]$`).FindStringSubmatch(a.read())
	require.NotNil(t, offset)
	return a, session[1], fmt.Sprintf(`40{"pid":%q,"offset":%q}`, session[2], offset[1])
}

func TestWhatASocketEmitsWhileItsClientIsAwayIsReplayed(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	a, sid, back := joinToReturn(t, io, url)
	s := io.Socket(sid)
	a.NetConn().Close()
	require.Eventually(t, func() bool { return io.Len() == 0 }, 10*time.Second, time.Millisecond)
	require.NoError(t, s.Emit("direct", 1))
	require.NoError(t, s.Volatile().Emit("volatile"))

	b := dial(t, url)
	b.write(back)
	assert.Regexp(t, `^42\["direct",1,"\w+"\]$`, b.read())
	assert.Regexp(t, `^40\{"sid":"`+sid, b.read())
}

func TestASocketThatSaidGoodbyeRemembersNothing(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	a, sid, back := joinToReturn(t, io, url)
	s := io.Socket(sid)
	a.write("41")
	require.Eventually(t, func() bool { return io.Len() == 0 }, 10*time.Second, time.Millisecond)
	assert.ErrorIs(t, s.Emit("direct", 1), sio.ErrDisconnected)
	a.write(back)
	assert.NotRegexp(t, `^40\{"sid":"`+sid, a.read())
}
