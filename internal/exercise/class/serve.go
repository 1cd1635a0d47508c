package class

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"

	"realtimelab/internal/dist"
	"realtimelab/internal/feed/wire"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/qr"
	"realtimelab/internal/site"
)

// Path is the path of the class page. The students' cookie is limited to it, so that browsers never
// send it to a demo, where the x-ray would show it.
const Path = "/lab/class/"

const (
	wallPath  = Path + "wall/"
	filesPath = Path + "files/"
	maxBody   = 64 << 10
)

// A Server serves a room and the site around it:
//
//	GET  /                          leads to the class page
//	GET  /lab/class/                the form to join, or the student's page
//	GET  /lab/class/wall/           the wall; with the teacher's key, the controls too
//	GET  /lab/class/me              the role of the client
//	GET  /lab/class/events          the View for the client's role, as server-sent events
//	GET  /lab/class/qr.svg          the address as a QR code; for the teacher, with the join code
//	GET  /lab/class/marks.csv, .json  the marks, for the teacher
//	POST /lab/class/join            {"name","code","claim"}: sets the student's cookie
//	POST /lab/class/leave           frees the seat
//	POST /lab/class/seat            {"name","code","seat_code","ticket"}: the ticket, for programs
//	POST /lab/class/claim           {"claim"}: whether the teacher has granted it
//	POST /lab/class/progress        a Progress
//	POST /lab/class/vote            {"question","round","option"}
//	POST /lab/class/teacher/ACTION  see teacher.go
//
// A student's device authenticates with the cookie, or with the ticket in the Authorization header.
type Server struct {
	Room *Room
	Site site.Config

	// Teacher reports whether the request is the teacher's.
	Teacher func(*http.Request) bool

	// Files holds class.css and the pages' modules.
	Files fs.FS

	// URL is the server's address for students.
	URL string

	// Handouts are served at /dist/; nil for none.
	Handouts *dist.Handouts

	limits    limits
	templates *template.Template
}

// Routes adds the class and the site to mux.
func (s *Server) Routes(mux *http.ServeMux) (err error) {
	s.Site.Class = true
	if s.Site.Directory == nil {
		s.Site.Directory = &site.Directory{}
	}
	if s.templates, err = site.Templates(pages, "*.html"); err != nil {
		return err
	}
	if err := s.Site.Routes(mux); err != nil {
		return err
	}
	if s.Handouts != nil {
		mux.Handle("GET "+dist.Path, s.Handouts.Handler(func(r *http.Request) lang.Lang {
			return s.Site.Frame(r).Lang
		}))
	}
	policy := httpserver.Policy{}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		to := url.URL{Path: Path, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, to.String(), http.StatusFound)
	})
	mux.Handle("GET "+filesPath, policy.Page(http.StripPrefix(filesPath,
		http.FileServerFS(s.Files))))
	mux.Handle("GET "+Path+"{$}", policy.Page(http.HandlerFunc(s.studentPage)))
	mux.Handle("GET "+wallPath+"{$}", policy.Page(http.HandlerFunc(s.wallPage)))
	mux.HandleFunc("GET "+Path+"me", s.me)
	mux.HandleFunc("GET "+Path+"events", s.events)
	mux.HandleFunc("GET "+Path+"qr.svg", s.code)
	mux.HandleFunc("GET "+Path+"marks.csv", s.marks)
	mux.HandleFunc("GET "+Path+"marks.json", s.marks)
	for path, handle := range map[string]http.HandlerFunc{
		"join": s.join, "leave": s.leave, "seat": s.seat, "claim": s.claim, "progress": s.progress,
		"vote": s.vote,
	} {
		mux.HandleFunc("POST "+Path+path, s.limited(handle))
	}
	mux.HandleFunc("POST "+Path+"teacher/{action}", s.act)
	return nil
}

// read decodes a JSON body. It requires the content type, which a page of another origin cannot
// send without asking first.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		wire.Refuse(w, http.StatusUnsupportedMediaType, "want application/json")
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into); err != nil {
		wire.Refuse(w, http.StatusBadRequest,
			"the body is not JSON of the expected form, or it is too long")
		return false
	}
	return true
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the client may have left
}

// done answers without a body, or with the refusal.
func done(w http.ResponseWriter, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// refuse answers with the status for an error of the room.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, ErrTaken), errors.Is(err, ErrNoVote), errors.Is(err, ErrAction):
		status = http.StatusConflict
	case errors.Is(err, ErrFull), errors.Is(err, ErrClaims):
		w.Header().Set("Retry-After", "30")
		status = http.StatusServiceUnavailable
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrRemoved), errors.Is(err, ErrCode),
		errors.Is(err, ErrSeatCode):
		status = http.StatusForbidden
	case errors.Is(err, ErrClosed):
		status = http.StatusGone
	}
	wire.Refuse(w, status, err.Error())
}

// ticket returns the ticket of the student's device, or "".
func ticket(r *http.Request) string {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return bearer
	}
	if c, err := r.Cookie(cookieName(r)); err == nil {
		return c.Value
	}
	return ""
}

// cookieName contains the port, because browsers share cookies between ports.
func cookieName(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Host)
	return "lab-seat-" + port
}

const cookieAge = 30 * 24 * 60 * 60 // seconds: a class with --keep goes on next week

func setCookie(w http.ResponseWriter, r *http.Request, ticket string, age int) {
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: ticket, Path: Path, MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// join seats the student of a browser. The ticket goes into a cookie that scripts cannot read.
func (s *Server) join(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Name, Code string
		Claim      bool
	}
	if !read(w, r, &body) {
		return
	}
	got, err := s.seated(w, r, Joining{Name: body.Name, Code: body.Code, Claim: body.Claim,
		Lang: s.Site.ReaderLang(r)})
	if err != nil {
		return
	}
	if got.Ticket != "" {
		setCookie(w, r, got.Ticket, cookieAge)
		got.Ticket = ""
	}
	answer(w, got)
}

// seat seats the student of a program, such as `lab exercise watch`.
func (s *Server) seat(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Name, Code, Ticket string
		SeatCode           string `json:"seat_code"`
		Claim              bool
	}
	if !read(w, r, &body) {
		return
	}
	got, err := s.seated(w, r, Joining{
		Name: body.Name, Code: body.Code, Ticket: body.Ticket, SeatCode: body.SeatCode,
		Claim: body.Claim, Lang: s.Site.ReaderLang(r),
	})
	if err == nil {
		answer(w, got)
	}
}

// seated joins, and answers a refusal.
func (s *Server) seated(w http.ResponseWriter, r *http.Request, j Joining) (Seating, error) {
	j.Addr = address(r)
	got, err := s.Room.Join(j)
	if err != nil {
		refuse(w, err)
	}
	return got, err
}

func (s *Server) claim(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Claim   string
		Program bool // answer with the ticket instead of a cookie
	}
	if !read(w, r, &body) {
		return
	}
	got, err := s.Room.Claimed(body.Claim)
	if err != nil {
		refuse(w, err)
		return
	}
	if got.Ticket != "" && !body.Program {
		setCookie(w, r, got.Ticket, cookieAge)
		got.Ticket = ""
	}
	answer(w, got)
}

func (s *Server) leave(w http.ResponseWriter, r *http.Request) {
	setCookie(w, r, "", -1)
	done(w, s.Room.Leave(ticket(r)))
}

func (s *Server) progress(w http.ResponseWriter, r *http.Request) {
	var p Progress
	if read(w, r, &p) {
		done(w, s.Room.Report(ticket(r), p))
	}
}

func (s *Server) vote(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Question      string
		Round, Option int
	}
	if read(w, r, &body) {
		done(w, s.Room.Vote(ticket(r), body.Question, body.Round, body.Option))
	}
}

// code draws the address of the class. The teacher's has the join code in the fragment, which the
// browser does not send.
func (s *Server) code(w http.ResponseWriter, r *http.Request) {
	to := s.address(r) + "/"
	if s.Teacher(r) {
		to += "#code=" + s.Room.Code()
	}
	drawn, err := qr.SVG(to)
	if err != nil {
		wire.Refuse(w, http.StatusInternalServerError, "cannot draw this address as a QR code")
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprint(w, drawn)
}

// address returns the class's address for students. If the teacher has opened one of the addresses
// for the room, that one is known to work.
func (s *Server) address(r *http.Request) string {
	for _, joined := range s.Site.Join {
		if joined == "http://"+r.Host {
			return joined
		}
	}
	return cmp.Or(s.URL, "http://"+r.Host)
}

func (s *Server) marks(w http.ResponseWriter, r *http.Request) {
	if !s.Teacher(r) {
		wire.Refuse(w, http.StatusForbidden,
			"the marks are for the teacher, whose page has the link")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if strings.HasSuffix(r.URL.Path, ".json") {
		w.Header().Set("Content-Disposition", `attachment; filename="marks.json"`)
		answer(w, map[string]any{"students": s.Room.Marks(), "questions": s.Room.asked()})
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="marks.csv"`)
	_ = s.Room.WriteCSV(w) // the client may have left
}
