package event

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"realtimelab/lessons/socketio/siopacket"
)

func newInbox(running *sync.WaitGroup) *Inbox {
	var b Inbox
	b.Init(&InboxOwner{MaxWaiting: 3, MaxBytes: 100, Go: func(f func()) {
		running.Go(f)
	}, LogPanic: func(any) {}}, nil)
	return &b
}

func TestInboxRunsInOrderAndOnTheCallersGoroutine(t *testing.T) {
	var running sync.WaitGroup
	b := newInbox(&running)
	var got []int
	here := false
	b.Do(func(siopacket.Packet) {
		here = true
		for i := range 10 {
			b.Do(func(siopacket.Packet) { got = append(got, i) }, siopacket.Packet{}, func() {})
		}
		assert.Empty(t, got)
	}, siopacket.Packet{}, func() {})
	assert.True(t, here)
	running.Wait()
	assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, got)
}

func TestInboxSaysWhenItIsFull(t *testing.T) {
	for name, size := range map[string]int{"by number": 0, "by bytes": 50} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var running sync.WaitGroup
				b := newInbox(&running)
				release := make(chan struct{})
				running.Go(func() {
					b.Do(func(siopacket.Packet) { <-release }, siopacket.Packet{}, func() {})
				})
				synctest.Wait()
				var room <-chan struct{}
				n := 0
				for ; room == nil; n++ {
					room = b.Do(func(siopacket.Packet) {
						<-release
					}, siopacket.Packet{Data: make([]byte, size)}, func() {})
				}
				assert.Equal(t, map[string]int{"by number": 3, "by bytes": 2}[name], n)
				release <- struct{}{}
				<-room
				close(release)
				running.Wait()
			})
		})
	}
}

func TestInboxClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		b := newInbox(&running)
		release := make(chan struct{})
		var got []string
		running.Go(func() {
			b.Do(func(siopacket.Packet) {
				<-release
				got = append(got, "first")
			}, siopacket.Packet{}, func() {})
		})
		synctest.Wait()
		var room <-chan struct{}
		for range 3 {
			room = b.Do(func(siopacket.Packet) {
				got = append(got, "dropped")
			}, siopacket.Packet{}, func() {})
		}
		b.Close(func() { got = append(got, "last") })
		<-room
		assert.Nil(t, b.Do(func(siopacket.Packet) {
			got = append(got, "late")
		}, siopacket.Packet{}, func() {}))
		b.Start(func(siopacket.Packet) { got = append(got, "late") }, siopacket.Packet{})
		close(release)
		running.Wait()
		assert.Equal(t, []string{"first", "last"}, got)
	})
}

func TestInboxDrain(t *testing.T) {
	for name, closed := range map[string]bool{"and nothing else": false, "and Close": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var running sync.WaitGroup
				b := newInbox(&running)
				<-newInbox(&running).Drain()
				release := make(chan struct{})
				var got []string
				running.Go(func() {
					b.Do(func(siopacket.Packet) {
						<-release
						got = append(got, "first")
					}, siopacket.Packet{}, func() {})
				})
				synctest.Wait()
				b.Do(func(siopacket.Packet) {
					got = append(got, "second")
				}, siopacket.Packet{}, func() {})
				drained, again := b.Drain(), b.Drain()
				assert.Nil(t, b.Do(func(siopacket.Packet) {
					got = append(got, "late")
				}, siopacket.Packet{}, func() {}))
				if closed {
					b.Close(func() { got = append(got, "last") })
				}
				select {
				case <-drained:
					t.Error("before the first has returned")
				default:
				}
				close(release)
				<-drained
				<-again
				assert.Equal(t, map[bool][]string{false: {"first", "second"},
					true: {"first", "last"}}[closed], got)
				<-b.Drain()
				running.Wait()
			})
		})
	}
}

func TestInboxGoesOnBehindAFunctionThatFails(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic": func() { panic("on purpose") },
		"exit":  runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var running sync.WaitGroup
				b := newInbox(&running)
				var got []int
				running.Go(func() {
					b.Do(func(siopacket.Packet) {
						for i := range 3 {
							b.Do(func(siopacket.Packet) {
								got = append(got, i)
								fail()
							}, siopacket.Packet{}, func() {})
						}
						fail()
					}, siopacket.Packet{}, func() {})
				})
				running.Wait()
				synctest.Wait()
				assert.True(t, slices.Equal(got, []int{0, 1, 2}), "%v", got)
			})
		})
	}
}

func TestInboxesOfOneOwnerAreFullTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		owner := InboxOwner{MaxWaiting: 10, MaxBytes: 100, MaxTotal: 100, Go: func(f func()) {
			running.Go(f)
		}, LogPanic: func(any) {}}
		var a, b Inbox
		release := make(chan struct{})
		for _, inbox := range []*Inbox{&a, &b} {
			inbox.Init(&owner, nil)
			running.Go(func() {
				inbox.Do(func(siopacket.Packet) { <-release }, siopacket.Packet{}, func() {})
			})
		}
		synctest.Wait()
		sixty := siopacket.Packet{Data: make([]byte, 60)}
		assert.Nil(t, a.Do(func(siopacket.Packet) {}, sixty, func() {}))
		room := b.Do(func(siopacket.Packet) {}, sixty, func() {})
		assert.NotNil(t, room, "120 bytes wait")
		a.Close(func() {})
		select {
		case <-room:
		default:
			t.Error("60 bytes wait, and the inbox takes no more")
		}
		assert.NotNil(t, a.owner.hold(40))
		assert.Nil(t, a.owner.hold(-40))
		close(release)
		running.Wait()
		assert.Zero(t, owner.total)
	})
}
