package webtransport

import (
	"maps"
	"slices"

	"realtimelab/internal/feed"
)

// maxAhead bounds the messages that overtake a missing one: as many as a feed keeps.
const maxAhead = 1000

// A track tells which messages have come, whatever their order. The zero value has none.
type track struct {
	last  feed.Message           // the newest message before which none is missing
	ahead map[int64]feed.Message // messages that overtook a missing one
}

// add counts a message. It reports false if that has come before. A message that is newer by its
// time and has the id of an older one is of a server that was restarted: the track begins again.
func (t *track) add(m feed.Message) (first bool) {
	if m.ID <= t.last.ID {
		if !m.At.After(t.last.At.Time) {
			return false
		}
		*t = track{}
	}
	if _, ok := t.ahead[m.ID]; ok {
		return false
	}
	if t.ahead == nil {
		t.ahead = map[int64]feed.Message{}
	}
	t.ahead[m.ID] = m
	if len(t.ahead) > maxAhead { // what is missing is no longer kept
		t.last = t.ahead[slices.Min(slices.Collect(maps.Keys(t.ahead)))]
		delete(t.ahead, t.last.ID)
	}
	for next, ok := t.ahead[t.last.ID+1]; ok; next, ok = t.ahead[t.last.ID+1] {
		delete(t.ahead, next.ID)
		t.last = next
	}
	return true
}
