package class

import (
	"path"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/site"
)

// A Place can be shown to the class: it is a page of this server, or a demo.
type Place struct {
	// such as /lab/lesson/websocket, with or without #fragment
	Path  string    `json:"path,omitempty"`
	Demo  string    `json:"demo,omitempty"`
	Title lang.Text `json:"title"`
}

// lead holds the teacher's assignments to the class.
type lead struct {
	Place  *Place    `json:"place,omitempty"`
	Today  []string  `json:"today,omitempty"` // exercises; empty means all
	Push   string    `json:"push,omitempty"`  // the exercise that everyone goes to
	Pushes int       `json:"pushes,omitempty"`
	Pushed bool      `json:"pushed,omitempty"` // Push is newer than Place
	Moved  time.Time `json:"moved,omitzero"`   // when Show or Push last moved the class
	Until  time.Time `json:"until,omitzero"`   // end of the timer
	Length int       `json:"length,omitempty"`
}

const (
	maxPath  = 200
	maxTimer = 24 * 60 * 60 // seconds
)

// Show leads the class to a page or a demo. An empty place stops leading.
func (r *Room) Show(to Place) error {
	return r.change(func() error {
		switch {
		case to.Path == "" && to.Demo == "":
			r.lead.Place = nil
			return nil
		case to.Demo != "":
			i := slices.IndexFunc(r.Places, func(p Place) bool { return p.Demo == to.Demo })
			if i < 0 {
				return ErrAction
			}
			r.lead.show(r.Places[i], r.now())
			return nil
		}
		page, fragment, _ := strings.Cut(to.Path, "#")
		if len(to.Path) > maxPath || path.Clean(page) != strings.TrimSuffix(page, "/") ||
			strings.ContainsAny(to.Path, "?\\\"<> ") {
			return ErrAction
		}
		i := slices.IndexFunc(r.Places, func(p Place) bool {
			return p.Path != "" && p.Path == page
		})
		if i < 0 {
			return ErrAction
		}
		place := r.Places[i]
		if fragment != "" {
			place.Path += "#" + fragment
		}
		r.lead.show(place, r.now())
		return nil
	})
}

// show leads to a place, which is now newer than any exercise for everyone.
func (l *lead) show(to Place, now time.Time) {
	if l.Place == nil || *l.Place != to || l.Pushed {
		l.Moved = now.UTC()
	}
	l.Place, l.Pushed = &to, false
}

// at returns the newest of the shown page and the exercise for everyone, or nil. The caller holds
// r.mu.
func (r *Room) at() *Place {
	if r.lead.Push != "" && (r.lead.Pushed || r.lead.Place == nil) {
		c, _ := r.column(r.lead.Push)
		return &Place{Path: site.ExercisePath + r.lead.Push, Title: c.Title}
	}
	if r.lead.Place == nil {
		return nil
	}
	return new(*r.lead.Place)
}

// Assign sets today's exercises. An empty list means all of them.
func (r *Room) Assign(today []string) error {
	return r.change(func() error {
		list := []string{}
		for _, c := range r.Columns { // in the order of the course
			if slices.Contains(today, c.Name) {
				list = append(list, c.Name)
			}
		}
		if len(list) == 0 && len(today) > 0 {
			return ErrAction
		}
		r.lead.Today = list
		return nil
	})
}

// Push sends everyone to one exercise. An empty name takes it back.
func (r *Room) Push(name string) error {
	return r.change(func() error {
		if _, known := r.column(name); name != "" && !known {
			return ErrAction
		}
		r.lead.Push, r.lead.Pushed = name, name != ""
		r.lead.Pushes++
		if name != "" {
			r.lead.Moved = r.now().UTC()
		}
		return nil
	})
}

// SetTimer starts a countdown of so many seconds. Zero removes it.
func (r *Room) SetTimer(seconds int) error {
	return r.change(func() error {
		if seconds < 0 || seconds > maxTimer {
			return ErrAction
		}
		r.lead.Length, r.lead.Until = seconds, time.Time{}
		if seconds > 0 {
			r.lead.Until = r.now().Add(time.Duration(seconds) * time.Second)
		}
		return nil
	})
}

// SetAnonymous shows aliases instead of names, or names again.
func (r *Room) SetAnonymous(on bool) error {
	return r.change(func() error { r.anonymous = on; return nil })
}

// SetGroups divides the class into n groups. Zero dissolves them. Later students join the smallest.
func (r *Room) SetGroups(n int) error {
	return r.change(func() error {
		if n < 0 || n > MaxStudents {
			return ErrAction
		}
		r.groups = n
		for i, one := range r.seats.all {
			one.Group = 0
			if n > 0 {
				one.Group = i%n + 1
			}
		}
		return nil
	})
}

// Move puts a student into another group.
func (r *Room) Move(id, group int) error {
	return r.change(func() error {
		one := r.seats.byID(id)
		if one == nil || group < 1 || group > r.groups {
			return ErrAction
		}
		one.Group = group
		return nil
	})
}

// SetClosed closes the class, or opens it again. A closed class refuses students who join, vote or
// report.
func (r *Room) SetClosed(closed bool) error {
	return r.change(func() error {
		if closed {
			r.endPoll()
		}
		r.closed = closed
		return nil
	})
}
