package sio_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// TestEventsStayInOrder: what asks for reading on, which is the heartbeat and everyone who waits
// for an answer, changes nothing in the order of a client's events, text or binary.
func TestEventsStayInOrder(t *testing.T) {
	const events = 10000
	io, url := serve(t, sio.Config{Engine: engineio.Config{PingInterval: time.Millisecond,
		PingTimeout: time.Minute}})
	got := make(chan int, events)
	io.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int, _ []byte) { got <- n })
	})
	p := join(t, url)
	out := make(chan string, 100)
	go func() { // answers what it is asked
		defer close(out)
		for {
			_, data, err := p.ReadMessage()
			if err != nil {
				return
			}
			if text := string(data); text == "2" {
				out <- "3"
			} else if id, _, ok := strings.Cut(strings.TrimPrefix(text, "42"), "["); ok &&
				id != "" {
				out <- "43" + id + "[]"
			}
		}
	}()
	ctx, stop := context.WithCancel(t.Context())
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		for ctx.Err() == nil {
			io.Timeout(time.Second).EmitWithAck(ctx, "ask")
		}
	}()
	for n := range events {
		for more := true; more; {
			select {
			case answer := <-out:
				p.write(answer)
			default:
				more = false
			}
		}
		p.write(fmt.Sprintf(`451-["n",%d,{"_placeholder":true,"num":0}]`, n))
		require.NoError(t, p.WriteMessage(2, []byte("bytes")))
	}
	for n := range events {
		if m := <-got; !assert.Equal(t, n, m) {
			break
		}
	}
	stop()
	<-asked
	p.Close()
	for range out {
	}
}
