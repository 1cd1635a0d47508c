package class

import (
	"net/http"

	"realtimelab/internal/feed/wire"
)

// An order is the body of a teacher's action. Each action reads its own fields.
type order struct {
	ID       int
	Name     string
	Group    int
	Claim    string
	Grant    bool
	Path     string
	Demo     string
	Today    []string
	Exercise string
	Seconds  int
	On       bool
	Groups   int
	Question string
	Phase    Phase
}

// actions maps the name of a teacher's action to its method.
var actions = map[string]func(*Room, order) error{
	"remove":    func(r *Room, o order) error { return r.RemoveID(o.ID) },
	"rename":    func(r *Room, o order) error { return r.Rename(o.ID, o.Name) },
	"move":      func(r *Room, o order) error { return r.Move(o.ID, o.Group) },
	"decide":    func(r *Room, o order) error { return r.Decide(o.Claim, o.Grant) },
	"show":      func(r *Room, o order) error { return r.Show(Place{Path: o.Path, Demo: o.Demo}) },
	"assign":    func(r *Room, o order) error { return r.Assign(o.Today) },
	"push":      func(r *Room, o order) error { return r.Push(o.Exercise) },
	"timer":     func(r *Room, o order) error { return r.SetTimer(o.Seconds) },
	"anonymous": func(r *Room, o order) error { return r.SetAnonymous(o.On) },
	"groups":    func(r *Room, o order) error { return r.SetGroups(o.Groups) },
	"open":      func(r *Room, o order) error { return r.Open(o.Question) },
	"advance":   func(r *Room, o order) error { return r.Advance(o.Phase) },
	"end":       func(r *Room, o order) error { return r.EndQuestion() },
	"close":     func(r *Room, o order) error { return r.SetClosed(o.On) },
}

// act runs a teacher's action.
func (s *Server) act(w http.ResponseWriter, r *http.Request) {
	action, known := actions[r.PathValue("action")]
	switch {
	case !s.Teacher(r):
		wire.Refuse(w, http.StatusForbidden,
			"only the teacher can do this; the address of the teacher's page is in the terminal")
	case !known:
		wire.Refuse(w, http.StatusNotFound, "unknown action")
	default:
		var o order
		if read(w, r, &o) {
			done(w, action(s.Room, o))
		}
	}
}
