package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/lessons/socketio/sioclient"
)

func TestMain(m *testing.M) { labtest.MainOf(m, main) }

func connect(t *testing.T, url string, transports ...string) (s *sioclient.Socket,
	heard <-chan string) {
	t.Helper()
	all := make(chan string, 9)
	s, err := sioclient.New(url, sioclient.Config{Transports: transports})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	s.OnAny(func(event string, args sioclient.Args) { all <- event + " " + args.String() })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, s.Connect(ctx))
	return s, all
}

func next(t *testing.T, heard <-chan string) string {
	t.Helper()
	select {
	case event := <-heard:
		return event
	case <-time.After(30 * time.Second):
		require.Fail(t, "nothing received")
		return ""
	}
}

func TestCluster(t *testing.T) {
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0", "-redis", miniredis.RunT(t).Addr())
	for _, transports := range [][]string{{sioclient.Polling}, {sioclient.WebSocket},
		{sioclient.Polling, sioclient.WebSocket}} {
		t.Run(fmt.Sprint(transports), func(t *testing.T) {
			a, heardA := connect(t, url, transports...)
			b, heardB := connect(t, url, transports...)
			defer b.Close()
			defer a.Close()
			servers := []string{next(t, heardA), next(t, heardB)}
			assert.ElementsMatch(t, []string{`server ["red"]`, `server ["blue"]`}, servers)

			require.NoError(t, a.Emit("message", "hi"))
			want := next(t, heardA)
			assert.Equal(t, want, next(t, heardB))
			assert.Contains(t, want, `,"hi"]`)

			// A client that has left is gone on both servers a moment later.
			require.Eventually(t, func() bool {
				people, err := sioclient.Ask[int](t.Context(), a, "count")
				return err == nil && people == 2
			}, 30*time.Second, 10*time.Millisecond)
		})
	}
}

func TestPage(t *testing.T) {
	browser := labtest.NewBrowser(t)
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0", "-redis", miniredis.RunT(t).Addr())
	tab := browser.Tab(t)
	tab.Open(url)
	tab.WaitFor(`["red", "blue"].includes(document.querySelector("#server").textContent)`)
	other, heard := connect(t, url)
	next(t, heard)
	require.NoError(t, other.Emit("message", "<b>hi</b>"))
	tab.WaitText("#messages", ": <b>hi</b>")
	next(t, heard)
	tab.Press("#text", "h", "o", "Enter")
	assert.Contains(t, next(t, heard), `,"ho"]`)
	tab.Click("#count")
	tab.WaitText("#people", "2")
	assert.Empty(t, tab.ConsoleErrors())
}
