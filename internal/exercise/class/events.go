package class

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"realtimelab/internal/feed/wire"
)

const (
	writeTime = 10 * time.Second
	pause     = 250 * time.Millisecond // between two views to one client
	heartbeat = 20 * time.Second
)

// events sends the view for the client's role: one now, and one after each change, until the client
// leaves or the server ends. The event "clock" holds the server's time in milliseconds, because the
// clocks of phones differ.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	view := s.viewer(r)
	if _, err := view(); err != nil {
		refuse(w, err)
		return
	}
	if !s.Teacher(r) {
		leave, err := s.limits.watch(address(r))
		if err != nil {
			busy(w, err.Error())
			return
		}
		defer leave()
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // otherwise nginx would buffer the events
	if send(w, fmt.Sprintf("retry: 2000\nevent: clock\ndata: %d\n\n",
		s.Room.now().UnixMilli())) != nil {
		return
	}
	for last := ""; ; {
		changed := s.Room.Changed()
		now, err := view()
		if err != nil { // the student was removed
			_ = send(w, "event: gone\ndata: "+err.Error()+"\n\n")
			return
		}
		text := ": heartbeat\n\n"
		if now != last {
			text = "data: " + now + "\n\n"
		}
		last = now
		if send(w, text) != nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return
		}
		select {
		case <-changed:
		case <-time.After(heartbeat):
		case <-r.Context().Done():
			return
		}
	}
}

// viewer returns a function that returns the view for the request's role, as JSON. A reader of the
// wall without the key is a watcher, even with a student's cookie.
func (s *Server) viewer(r *http.Request) func() (string, error) {
	view := func() (View, error) { return s.Room.StudentView(ticket(r)) }
	switch {
	case r.URL.Query().Get("as") == "student": // the teacher's browser may have a seat, too
	case s.Teacher(r):
		view = func() (View, error) { return s.Room.TeacherView(), nil }
	case r.URL.Query().Get("as") == "watcher", ticket(r) == "":
		view = func() (View, error) { return s.Room.WatcherView(), nil }
	}
	return func() (string, error) {
		v, err := view()
		if err != nil {
			return "", err
		}
		data, err := json.Marshal(struct {
			View
			Demo string `json:"demo,omitempty"` // the address of the demo that the class is shown
			Xray string `json:"xray,omitempty"` // the address of the demo that shows the answer
		}{v, s.demo(r, placeDemo(v)), s.demo(r, questionDemo(v))})
		return string(data), err
	}
}

func placeDemo(v View) string {
	if v.Place == nil {
		return ""
	}
	return v.Place.Demo
}

func questionDemo(v View) string {
	if v.Question == nil || v.Question.Phase != Revealed {
		return ""
	}
	return v.Question.Demo
}

// demo returns the address of a demo that is running, or "".
func (s *Server) demo(r *http.Request, name string) string {
	if name == "" {
		return ""
	}
	return s.Site.DemoURL(r, name)
}

func send(w http.ResponseWriter, text string) error {
	control := http.NewResponseController(w)
	if err := control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return control.Flush()
}

// busy refuses a client that may try again.
func busy(w http.ResponseWriter, reason string) {
	w.Header().Set("Retry-After", "5")
	wire.Refuse(w, http.StatusServiceUnavailable, reason)
}
