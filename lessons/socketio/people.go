package socketio

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"realtimelab/lessons/socketio/sio"
)

// person is someone who has said a name.
type person struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Rooms []string `json:"rooms,omitempty"` // the rooms that a client may ask for
}

func (p person) equal(q person) bool { return p.Name == q.Name && slices.Equal(p.Rooms, q.Rooms) }

// The bounds of what one client makes all others receive.
const (
	maxName = 40   // characters
	maxText = 2000 // characters of a message

	updatePace = 100 * time.Millisecond // between two updates of the list
)

// clip cuts a text to at most so many characters.
func clip(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// people keeps the pages' list of who is here. A client that says its name is sent the whole list
// once, as "people". After that everyone is sent the differences, as "people changed", at most ten
// times a second, however often somebody's name or rooms change.
//
// To send everyone the whole list at each change would cost N × N messages, on the demand of a
// single client.
type people struct {
	io    *sio.Server
	rooms []string

	told map[string]person // what everyone knows; of the update under way

	mu        sync.Mutex // guards what follows
	newcomers []*sio.Socket
	last      time.Time // end of the last update
	updating  bool      // an update is under way or will come
	stale     bool      // something has changed since the update under way began
}

// change is the difference between two updates.
type change struct {
	Here []person `json:"here"` // new, or changed
	Gone []string `json:"gone"` // ids
}

// newPeople returns the list of a server. It shows which of the named rooms each person is in.
func newPeople(io *sio.Server, rooms ...string) *people {
	return &people{io: io, rooms: rooms, told: map[string]person{}}
}

// introduce gives the socket a name. If it had none, the next update sends it the list.
func (p *people) introduce(s *sio.Socket, name string) {
	known := s.Get("me") != nil
	s.Set("me", person{ID: s.ID(), Name: clip(name, maxName)})
	if !known {
		p.mu.Lock()
		p.newcomers = append(p.newcomers, s)
		p.mu.Unlock()
	}
	p.changed()
}

// changed tells that somebody may have come, gone or changed. The update follows soon.
func (p *people) changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stale = true
	if !p.updating {
		p.updating = true
		time.AfterFunc(max(0, time.Until(p.last.Add(updatePace))), p.update)
	}
}

// update sends newcomers the list as everyone knows it, and then everyone what has changed since,
// if anything has. One update runs at a time, so that no client sees two in the wrong order.
func (p *people) update() {
	p.mu.Lock()
	p.stale = false
	newcomers := p.newcomers
	p.newcomers = nil
	p.mu.Unlock()

	now := p.now()
	difference := change{Here: []person{}, Gone: []string{}}
	for id, person := range now {
		if before, ok := p.told[id]; !ok || !before.equal(person) {
			difference.Here = append(difference.Here, person)
		}
	}
	for id := range p.told {
		if _, ok := now[id]; !ok {
			difference.Gone = append(difference.Gone, id)
		}
	}
	list := sorted(p.told)
	for _, s := range newcomers {
		s.Emit("people", list)
	}
	if len(difference.Here)+len(difference.Gone) > 0 {
		p.io.Emit("people changed", difference)
	}
	p.told = now

	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.updating = time.Now(), p.stale
	if p.stale {
		time.AfterFunc(updatePace, p.update)
	}
}

// now returns who is here.
func (p *people) now() map[string]person {
	sockets, _ := p.io.FetchSockets(context.Background()) // one server alone never fails
	here := make(map[string]person, len(sockets))
	for _, s := range sockets {
		if me, ok := s.Data["me"].(person); ok {
			me.Rooms = slices.DeleteFunc(slices.Clone(p.rooms), func(room string) bool {
				return !slices.Contains(s.Rooms, room)
			})
			here[s.ID] = me
		}
	}
	return here
}

func sorted(byID map[string]person) []person {
	all := make([]person, 0, len(byID))
	for _, person := range byID {
		all = append(all, person)
	}
	slices.SortFunc(all, func(a, b person) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return all
}
