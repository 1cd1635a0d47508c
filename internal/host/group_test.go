package host

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slowServer needs a second to close.
type slowServer struct {
	err    error
	closed int
}

func (s *slowServer) Close(ctx context.Context) error {
	s.closed++
	select {
	case <-time.After(time.Second):
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func hold(t *testing.T, g *Group, s Closer) {
	require.NoError(t, g.Start(func() (Closer, error) { return s, nil }))
}

func TestGroupClosesAllAtTheSameTimeAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		broken := errors.New("broken")
		a, b, c := &slowServer{}, &slowServer{err: broken}, &slowServer{}
		for _, s := range []Closer{a, b, c} {
			hold(t, &g, s)
		}
		require.NoError(t, g.Stop(a))
		require.NoError(t, g.Stop(a), "it was stopped before")
		began := time.Now()
		assert.ErrorIs(t, g.Close(), broken)
		assert.Equal(t, time.Second, time.Since(began), "not one after the other")
		assert.Equal(t, []int{1, 1, 1}, []int{a.closed, b.closed, c.closed})
		assert.ErrorIs(t, g.Start(func() (Closer, error) { panic("called") }), ErrClosing)
	})
}

func TestGroupCloseWaitsForAStartAndAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		stopping, late := &slowServer{}, &slowServer{}
		hold(t, &g, stopping)
		go g.Stop(stopping)
		go g.Start(func() (Closer, error) { time.Sleep(3 * time.Second); return late, nil })
		synctest.Wait()
		began := time.Now()
		require.NoError(t, g.Close())
		assert.Equal(t, 4*time.Second, time.Since(began))
		assert.Equal(t, 1, late.closed)
	})
}

func TestGroupHoldsNothingThatDidNotStart(t *testing.T) {
	var g Group
	taken := errors.New("the port is taken")
	assert.ErrorIs(t, g.Start(func() (Closer, error) { return nil, taken }), taken)
	assert.NoError(t, g.Close())
}
