package slow

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	spent := func(p *pace, ctx context.Context, n int) (time.Duration, error) {
		began := time.Now()
		err := p.spend(ctx, n)
		return time.Since(began), err
	}
	synctest.Test(t, func(t *testing.T) {
		took, err := spent(newPace(100), t.Context(), 1000)
		assert.NoError(t, err)
		assert.Equal(t, 10*time.Second, took)

		took, _ = spent(newPace(unlimited), t.Context(), 1000)
		assert.Zero(t, took)

		p := newPace(0) // stops, until it is changed
		go func() {
			time.Sleep(time.Hour)
			p.set(100)
			time.Sleep(5 * time.Second)
			p.set(500)
		}()
		took, err = spent(p, t.Context(), 1000)
		assert.NoError(t, err)
		assert.Equal(t, time.Hour+6*time.Second, took)

		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("enough")
		time.AfterFunc(time.Minute, func() { cancel(reason) })
		took, err = spent(newPace(0), ctx, 1)
		assert.Equal(t, reason, err)
		assert.Equal(t, time.Minute, took)
	})
}

func TestAPacedConnLeavesBytesUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := &pacedConn{Conn: near, pace: newPace(1000), ctx: t.Context()}
		done := make(chan time.Duration)
		go func() {
			began := time.Now()
			_, err := far.Write(make([]byte, 5000))
			assert.NoError(t, err)
			done <- time.Since(began)
		}()
		buffer := make([]byte, 4096)
		n, err := c.Read(buffer) // the handshake is read at once, in pieces
		require.NoError(t, err)
		require.Equal(t, chunk, n)
		c.on = true
		for read := n; read < 5000; read += n {
			n, err = c.Read(buffer)
			require.NoError(t, err)
			require.LessOrEqual(t, n, chunk)
		}
		assert.Greater(t, <-done, 2*time.Second, "the writer waits for the reader")
		require.NoError(t, near.Close())
		require.NoError(t, far.Close())
	})
}

func TestPercentiles(t *testing.T) {
	p50, p99 := percentiles(nil)
	assert.Nil(t, p50)
	assert.Nil(t, p99)
	var all []sample
	for i := range 100 {
		all = append(all, sample{delay: time.Duration(100-i) * time.Millisecond})
	}
	p50, p99 = percentiles(all)
	assert.Equal(t, 51.0, *p50)
	assert.Equal(t, 100.0, *p99)
}

func TestAReaderForgetsOldDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{}
		hear := func(n int64, delay time.Duration) {
			r.heard(tick{N: n, At: milliseconds(time.Now().Add(-delay))}, time.Now())
		}
		hear(5, time.Second)
		assert.Equal(t, 1000.0, *r.delivery().P50)
		assert.Zero(t, r.delivery().Missed, "those before it came are not missed")
		time.Sleep(window)
		hear(9, 2*time.Millisecond)
		time.Sleep(time.Second)
		assert.Equal(t, 2.0, *r.delivery().P99)
		assert.Equal(t, int64(3), r.delivery().Missed)
		time.Sleep(window)
		assert.Nil(t, r.delivery().P50)
		assert.Equal(t, int64(9), r.delivery().Last)
	})
}
