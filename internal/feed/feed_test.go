package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func publish(t testing.TB, f *Feed, n int) {
	t.Helper()
	for range n {
		_, err := f.Publish("ann", "hi")
		require.NoError(t, err)
	}
}

func ids(entries []Entry) []int64 {
	got := []int64{}
	for _, e := range entries {
		got = append(got, e.ID)
	}
	return got
}

func TestPublishStamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1234567 * time.Microsecond)
		f := New(Config{})
		first, err := f.Publish("ann", "你好 <b>")
		require.NoError(t, err)
		assert.EqualValues(t, 1, first.ID)
		second, err := f.Publish("bob", "hi")
		require.NoError(t, err)
		assert.EqualValues(t, 2, second.ID)
		assert.Equal(t, second, f.Since(1)[0].Message)
		assert.EqualValues(t, 2, f.Last())
		assert.Equal(t,
			`[{"id":1,"from":"ann","text":"你好 <b>","at":"2000-01-01T00:00:01.234Z"},{"id":2,"from":"bob","text":"hi","at":"2000-01-01T00:00:01.234Z"}]`,
			string(AppendArray(nil, f.Since(0))))
	})
}

func TestSince(t *testing.T) {
	f := New(Config{History: 3})
	assert.Empty(t, f.Since(0))
	publish(t, f, 5)
	for _, tc := range []struct {
		name  string
		after int64
		want  []int64
	}{
		{"the beginning is no longer kept", 0, []int64{3, 4, 5}},
		{"older than the history", 1, []int64{3, 4, 5}},
		{"at the edge of the history", 2, []int64{3, 4, 5}},
		{"within it", 4, []int64{5}},
		{"the newest", 5, []int64{}},
		{"in the future: of a log that is gone", 6, []int64{3, 4, 5}},
		{"negative", -1, []int64{3, 4, 5}},
	} {
		assert.Equal(t, tc.want, ids(f.Since(tc.after)), tc.name)
	}
	assert.Equal(t, "[]", string(AppendArray(nil, f.Since(5))))
}

func TestWhatWasReadStaysAsItWas(t *testing.T) {
	f := New(Config{History: 4})
	publish(t, f, 4)
	held := f.Since(0)
	publish(t, f, 100)
	assert.Equal(t, []int64{1, 2, 3, 4}, ids(held))
}

func TestWaitIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Config{})
		woken := make(chan []int64)
		for range 3 {
			go func() {
				entries, err := f.Wait(t.Context(), 0)
				assert.NoError(t, err)
				woken <- ids(entries)
			}()
		}
		synctest.Wait() // all three wait now
		publish(t, f, 1)
		for range 3 {
			assert.Equal(t, []int64{1}, <-woken)
		}
		entries, err := f.Wait(t.Context(), 0)
		require.NoError(t, err)
		assert.Equal(t, []int64{1}, ids(entries), "what is there is not waited for")
	})
}

func TestWaitFromTheFutureStartsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Config{})
		woken := make(chan []int64)
		go func() {
			entries, _ := f.Wait(t.Context(), 41)
			woken <- ids(entries)
		}()
		synctest.Wait()
		publish(t, f, 1)
		assert.Equal(t, []int64{1}, <-woken)
	})
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		start := time.Now()
		_, err := f.Wait(ctx, 0)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 25*time.Second, time.Since(start))

		done := make(chan error)
		go func() {
			_, err := f.Wait(t.Context(), 0)
			done <- err
		}()
		synctest.Wait()
		f.Close()
		require.ErrorIs(t, <-done, ErrClosed)
		_, err = f.Publish("ann", "late")
		require.ErrorIs(t, err, ErrClosed)
		f.Close()
	})
}

// TestNoLostWakeup has readers that wait for each single message race the writer.
func TestNoLostWakeup(t *testing.T) {
	const readers, messages = 8, 2000
	f := New(Config{History: messages, Queue: messages})
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for cursor := int64(0); cursor < messages; {
				entries, err := f.Wait(t.Context(), cursor)
				if !assert.NoError(t, err) {
					return
				}
				for _, e := range entries {
					if !assert.Equal(t, cursor+1, e.ID) {
						return
					}
					cursor = e.ID
				}
			}
		})
		wg.Go(func() {
			s := f.Subscribe(0)
			defer s.Close()
			for cursor := int64(0); cursor < messages; {
				entries, err := s.Next(t.Context())
				if !assert.NoError(t, err) {
					return
				}
				for _, e := range entries {
					if !assert.Equal(t, cursor+1, e.ID) {
						return
					}
					cursor = e.ID
				}
			}
		})
	}
	publish(t, f, messages)
	wg.Wait()
	assert.Zero(t, f.Subscribers())
}

// TestSubscribeHasNoSeam subscribes at every moment of a stream of messages.
func TestSubscribeHasNoSeam(t *testing.T) {
	const messages = 500
	f := New(Config{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			after := int64(i * 7)
			for last := f.Last(); last < after; last = f.Last() {
				_, _ = f.Wait(t.Context(), last)
			}
			s := f.Subscribe(after)
			defer s.Close()
			for after < messages {
				entries, err := s.Next(t.Context())
				if errors.Is(err, ErrSlow) {
					return // the reader got an error
				}
				for _, e := range entries {
					if !assert.Equal(t, after+1, e.ID) {
						return
					}
					after = e.ID
				}
			}
		})
	}
	publish(t, f, messages)
	wg.Wait()
}

func TestSlowIsDropped(t *testing.T) {
	f := New(Config{Queue: 3})
	publish(t, f, 10)
	slow, quick := f.Subscribe(0), f.Subscribe(10)
	defer quick.Close()
	for i := range 3 {
		publish(t, f, 1)
		entries, _, err := quick.Take()
		require.NoError(t, err)
		require.Equal(t, []int64{int64(11 + i)}, ids(entries))
	}
	require.Equal(t, 2, f.Subscribers(), "a backlog and a full queue do not make a subscriber slow")

	publish(t, f, 1)
	require.Equal(t, 1, f.Subscribers())
	_, _, err := slow.Take()
	require.ErrorIs(t, err, ErrSlow)
	_, err = slow.Next(t.Context())
	require.ErrorIs(t, err, ErrSlow)
	slow.Close()

	entries, err := quick.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{14}, ids(entries))
}

func TestSlowInItsBacklogIsDropped(t *testing.T) {
	f := New(Config{History: 5, Queue: 100})
	publish(t, f, 5)
	s := f.Subscribe(0)
	publish(t, f, 1) // message 1 is no longer kept, and s has not taken it
	_, _, err := s.Take()
	require.ErrorIs(t, err, ErrSlow)
}

func TestTakeInBatches(t *testing.T) {
	f := New(Config{})
	publish(t, f, batch+10)
	s := f.Subscribe(0)
	defer s.Close()
	entries, more, err := s.Take()
	require.NoError(t, err)
	require.Len(t, entries, batch)
	<-more
	entries, more, err = s.Take()
	require.NoError(t, err)
	require.Len(t, entries, 10)
	select {
	case <-more:
		t.Fatal("nothing more is there")
	default:
	}
	publish(t, f, 1)
	<-more
}

func TestCloseDeliversTheRest(t *testing.T) {
	f := New(Config{})
	s := f.Subscribe(0)
	publish(t, f, batch+1)
	f.Close()
	for _, want := range []int{batch, 1} {
		entries, more, err := s.Take()
		require.NoError(t, err)
		require.Len(t, entries, want)
		<-more
	}
	_, _, err := s.Take()
	require.ErrorIs(t, err, ErrClosed)
	require.Zero(t, f.Subscribers())
	require.Len(t, f.Since(0), batch+1)
}

func TestSubscriptionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Config{})
		s := f.Subscribe(0)
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("the client went")
		done := make(chan error)
		go func() {
			_, err := s.Next(ctx)
			done <- err
		}()
		synctest.Wait()
		cancel(gone)
		require.ErrorIs(t, <-done, gone)
		s.Close()
		s.Close()
		_, err := s.Next(t.Context())
		require.ErrorIs(t, err, ErrClosed)
		require.Zero(t, f.Subscribers())
	})
}

func TestVersion(t *testing.T) {
	f, other := New(Config{}), New(Config{})
	empty := f.Version()
	assert.NotEqual(t, empty, other.Version())
	publish(t, f, 1)
	assert.NotEqual(t, empty, f.Version())
	assert.Equal(t, f.Version(), f.Version())
}

func ExampleFeed_Subscribe() {
	f := New(Config{})
	_, _ = f.Publish("ann", "before")
	s := f.Subscribe(0)
	defer s.Close()
	_, _ = f.Publish("bob", "after")
	entries, _ := s.Next(context.Background())
	for _, e := range entries {
		fmt.Println(e.ID, e.From, e.Text)
	}
	// Output:
	// 1 ann before
	// 2 bob after
}
