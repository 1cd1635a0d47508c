package class

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/httpserver"
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
//	GET  /api/info       how to join: {"url"}, with the teacher's key also {"code"}
//	POST /api/join       {"name","code","ticket"} → {"ticket"}
//	POST /api/progress   {"ticket","states":{"cursor":"done"},"current":"hold"}
//	POST /api/remove     {"name"} → {"removed":["Ann"]}, with the teacher's key
//
// The teacher's key goes into the header X-Lab-Key, for an EventSource into the parameter key.
type Site struct {
	Board *Board

	// Page holds index.html and what it loads; Shared the lab's style.
	Page, Shared fs.FS

	// URL is where students reach the board, for the page to show.
	URL string

	// Key is the teacher's. With it the page shows the join code and removes names, and it is served however many watch.
	Key string

	viewers chan struct{}
}

// Handler serves the board.
func (s *Site) Handler() http.Handler {
	s.viewers = make(chan struct{}, maxViewers)
	mux := http.NewServeMux()
	page := httpserver.Policy{}.Page
	mux.Handle("GET /lab/shared/", page(http.StripPrefix("/lab/shared/", http.FileServerFS(s.Shared))))
	mux.Handle("GET /", page(http.FileServerFS(s.Page)))
	mux.HandleFunc("GET /api/events", s.events)
	mux.HandleFunc("GET /api/board.csv", s.table)
	mux.HandleFunc("GET /api/info", s.info)
	mux.HandleFunc("GET /api/qr.svg", s.code)
	mux.HandleFunc("POST /api/join", s.join)
	mux.HandleFunc("POST /api/progress", s.progress)
	mux.HandleFunc("POST /api/remove", s.remove)
	return mux
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
	var body struct{ Name, Ticket, Code string }
	if !read(w, r, &body) {
		return
	}
	ticket, err := s.Board.Join(body.Name, body.Ticket, body.Code)
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

// teacher reports whether the request has the teacher's key.
func (s *Site) teacher(r *http.Request) bool {
	key := cmp.Or(r.Header.Get("X-Lab-Key"), r.URL.Query().Get("key"))
	return s.Key != "" && subtle.ConstantTimeCompare([]byte(key), []byte(s.Key)) == 1
}

func (s *Site) info(w http.ResponseWriter, r *http.Request) {
	info := map[string]string{"url": s.URL}
	if s.teacher(r) {
		info["code"] = s.Board.Code()
	}
	answer(w, info)
}

func (s *Site) remove(w http.ResponseWriter, r *http.Request) {
	var body struct{ Name string }
	if !read(w, r, &body) {
		return
	}
	if !s.teacher(r) {
		refuse(w, http.StatusForbidden, "only the teacher's page removes names: its address is in the terminal")
		return
	}
	removed := s.Board.Remove(body.Name)
	if len(removed) == 0 {
		refuse(w, http.StatusNotFound, "nobody on the board has this name")
		return
	}
	answer(w, map[string][]string{"removed": removed})
}

func status(err error) int {
	switch {
	case errors.Is(err, ErrTaken):
		return http.StatusConflict
	case errors.Is(err, ErrFull):
		return http.StatusServiceUnavailable
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrRemoved), errors.Is(err, ErrCode):
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

func refuse(w http.ResponseWriter, status int, text string) {
	answerWith(w, status, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, v any) { answerWith(w, http.StatusOK, v) }

func answerWith(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who is gone is not answered
}

func (s *Site) table(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="class.csv"`)
	shot, _ := s.Board.Snapshot()
	_ = shot.WriteCSV(w) // who is gone is not answered
}

// events sends the board until the viewer goes or the server ends (its BaseContext).
func (s *Site) events(w http.ResponseWriter, r *http.Request) {
	if !s.teacher(r) {
		select {
		case s.viewers <- struct{}{}:
			defer func() { <-s.viewers }()
		default:
			refuse(w, http.StatusServiceUnavailable, "too many are watching")
			return
		}
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
