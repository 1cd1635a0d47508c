package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/lessons/socketio/sioclient"
)

func TestMain(m *testing.M) { labtest.MainOf(m, main) }

// join logs a person in. The channel carries what the person's client receives.
func join(t *testing.T, url, name string) (*sioclient.Socket, <-chan string) {
	t.Helper()
	heard := make(chan string, 100)
	s, err := sioclient.New(url, sioclient.Config{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	s.OnAny(func(event string, args sioclient.Args) { heard <- event + " " + args.String() })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, s.Connect(ctx))
	require.NoError(t, s.Emit("add user", name))
	return s, heard
}

func hear(t *testing.T, heard <-chan string, want string) {
	t.Helper()
	select {
	case got := <-heard:
		assert.Equal(t, want, got)
	case <-time.After(30 * time.Second):
		require.Fail(t, "nothing received", want)
	}
}

func TestChat(t *testing.T) {
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0")
	ann, annHeard := join(t, url, "ann")
	hear(t, annHeard, `login [{"numUsers":1}]`)
	bob, bobHeard := join(t, url, "bob")
	hear(t, bobHeard, `login [{"numUsers":2}]`)
	hear(t, annHeard, `user joined [{"username":"bob","numUsers":2}]`)

	require.NoError(t, ann.Emit("add user", "again"), "ignored: ann has a name")
	require.NoError(t, ann.Emit("typing"))
	require.NoError(t, ann.Emit("stop typing"))
	require.NoError(t, ann.Emit("new message", "你好"))
	hear(t, bobHeard, `typing [{"username":"ann"}]`)
	hear(t, bobHeard, `stop typing [{"username":"ann"}]`)
	hear(t, bobHeard, `new message [{"username":"ann","message":"你好"}]`)

	bob.Close()
	hear(t, annHeard, `user left [{"username":"bob","numUsers":1}]`)
}

func TestPage(t *testing.T) {
	browser := labtest.NewBrowser(t)
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0")
	tab := browser.Tab(t)
	tab.Open(url)
	tab.WaitFor(`socket.connected`)
	tab.Press("#name", "a", "n", "n", "Enter")
	tab.WaitText("#messages", "Welcome! People here: 1")

	bob, heard := join(t, url, "bob")
	hear(t, heard, `login [{"numUsers":2}]`)
	tab.WaitText("#messages", "bob joined. People here: 2")
	require.NoError(t, bob.Emit("typing"))
	tab.WaitText("#typing", "bob is typing")
	require.NoError(t, bob.Emit("new message", "<b>hi</b>"))
	tab.WaitText("#messages", "bob: <b>hi</b>")

	tab.Press("#text", "h", "o", "Enter")
	hear(t, heard, `typing [{"username":"ann"}]`)
	hear(t, heard, `stop typing [{"username":"ann"}]`)
	hear(t, heard, `new message [{"username":"ann","message":"ho"}]`)
	bob.Close()
	tab.WaitText("#messages", "bob left. People here: 1")
	assert.Empty(t, tab.ConsoleErrors())
}
