package class

import (
	"encoding/json"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"time"

	"realtimelab/internal/exercise"
)

// The bounds of what the board answers.
const (
	maxBody    = 64 << 10
	maxViewers = 100
	writeTime  = 10 * time.Second
	pause      = 250 * time.Millisecond // between two snapshots to one viewer
	heartbeat  = 20 * time.Second
)

// Site is what a board serves:
//
//	GET  /               the page
//	GET  /api/events     the board, as server-sent events: one now, one after each change
//	GET  /api/board.csv  the board as a table
//	GET  /api/info       what the page says of the class: how to join
//	POST /api/join       {"name","ticket"} → {"ticket"}
//	POST /api/progress   {"ticket","states":{"cursor":"done"},"current":"hold"}
type Site struct {
	Board *Board

	// Page holds index.html and what it loads; Shared the lab's style.
	Page, Shared fs.FS

	// URL is where students reach the board, for the page to show.
	URL string

	viewers chan struct{}
}

// Handler serves the board.
func (s *Site) Handler() http.Handler {
	s.viewers = make(chan struct{}, maxViewers)
	mux := http.NewServeMux()
	mux.Handle("GET /lab/shared/", asset(http.StripPrefix("/lab/shared/", http.FileServerFS(s.Shared))))
	mux.Handle("GET /", asset(http.FileServerFS(s.Page)))
	mux.HandleFunc("GET /api/events", s.events)
	mux.HandleFunc("GET /api/board.csv", s.table)
	mux.HandleFunc("GET /api/info", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]string{"url": s.URL}) })
	mux.HandleFunc("GET /api/qr.svg", s.code)
	mux.HandleFunc("POST /api/join", s.join)
	mux.HandleFunc("POST /api/progress", s.progress)
	return mux
}

func asset(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self' data:")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// read decodes a body. It takes JSON by its name only, so that no page of another origin can post without asking first.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "want application/json")
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "the body is no JSON, or too long")
		return false
	}
	return true
}

func (s *Site) join(w http.ResponseWriter, r *http.Request) {
	var body struct{ Name, Ticket string }
	if !read(w, r, &body) {
		return
	}
	ticket, err := s.Board.Join(body.Name, body.Ticket)
	if err != nil {
		refuse(w, status(err), err.Error())
		return
	}
	answer(w, map[string]string{"ticket": ticket})
}

func (s *Site) progress(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Ticket, Current string
		States          map[string]exercise.State
	}
	if !read(w, r, &body) {
		return
	}
	if err := s.Board.Report(body.Ticket, body.States, body.Current); err != nil {
		refuse(w, status(err), err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func status(err error) int {
	switch {
	case errors.Is(err, ErrTaken):
		return http.StatusConflict
	case errors.Is(err, ErrFull):
		return http.StatusServiceUnavailable
	case errors.Is(err, ErrUnknown):
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	answer(w, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // who is gone is not answered
}

func (s *Site) table(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="class.csv"`)
	shot, _ := s.Board.Snapshot()
	_ = shot.WriteCSV(w) // who is gone is not answered
}

// events sends the board until the viewer goes or the server ends (its BaseContext).
func (s *Site) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.viewers <- struct{}{}:
		defer func() { <-s.viewers }()
	default:
		refuse(w, http.StatusServiceUnavailable, "too many are watching")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store, no-transform")
	for {
		shot, changed := s.Board.Snapshot()
		data, err := json.Marshal(shot)
		if err != nil || send(w, "data: "+string(data)+"\n\n") != nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return
		}
		for quiet := true; quiet; {
			select {
			case <-changed:
				quiet = false
			case <-time.After(heartbeat):
				if send(w, ": heartbeat\n\n") != nil {
					return
				}
			case <-r.Context().Done():
				return
			}
		}
	}
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
