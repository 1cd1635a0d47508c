package comparison

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// A bet says which lane wins the next round.
type bet struct {
	Lane string `json:"lane"`
	Name string `json:"name"` // of the person; may be empty
}

const (
	maxBets = 300
	maxName = 24 // characters of a name
)

// Reasons why a bet is refused.
var (
	errLate = errors.New(
		"bets are closed: the round has started. Bet again before the next round")
	errNoBets  = errors.New("no round is open for bets: wait until the teacher opens one")
	errFull    = errors.New("there are too many bets on this round")
	errNoLane  = errors.New("unknown lane: choose one of the list")
	errBetBody = errors.New(`want a bet such as {"lane":"sse","name":"Ann"}`)
)

// takeBet takes a browser's bet on the next round. A second bet of the same browser replaces the
// first.
func (l *live) takeBet(browser string, b bet) error {
	b.Name = cleanName(b.Name)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, again := l.show.bets[browser]
	switch {
	case l.show.phase == phaseRun || l.show.phase == phaseCount:
		return errLate
	case l.show.phase != phaseBets:
		return errNoBets
	case l.laneNamed(b.Lane) == nil:
		return errNoLane
	case !again && len(l.show.bets) >= maxBets:
		return errFull
	}
	l.show.bets[browser] = b
	l.notifyAll()
	return nil
}

// cleanName returns a name as one short line.
func cleanName(name string) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	letters := []rune(strings.Join(strings.Fields(visible), " "))
	return strings.TrimSpace(string(letters[:min(len(letters), maxName)]))
}

// browserOf returns the id of the request's browser, and the header that sets it if the browser has
// none. Browsers share cookies between ports, so the cookie's name includes the port.
func (l *live) browserOf(req *http.Request) (id string, set http.Header) {
	name := "lab-bets-" + strconv.Itoa(l.port)
	if c, err := req.Cookie(name); err == nil && len(c.Value) == len(rand.Text()) {
		return c.Value, nil
	}
	id = rand.Text()
	cookie := http.Cookie{Name: name, Value: id, Path: "/lab/", HttpOnly: true,
		Secure: req.TLS != nil, SameSite: http.SameSiteStrictMode}
	return id, http.Header{"Set-Cookie": {cookie.String()}}
}

// serveBet takes a bet. It answers 204, or says why the bet is refused: 409 if it is late.
func (l *live) serveBet(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	var b bet
	if json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<10)).Decode(&b) != nil {
		http.Error(w, errBetBody.Error(), http.StatusBadRequest)
		return
	}
	browser, set := l.browserOf(req)
	for key, values := range set {
		w.Header()[key] = values
	}
	switch err := l.takeBet(browser, b); {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, errLate), errors.Is(err, errNoBets):
		http.Error(w, err.Error(), http.StatusConflict)
	case errors.Is(err, errFull):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// betPath is the page to bet on.
const betPath = "/?view=bet"

// serveCode draws the address to bet at as a QR code. It answers 404 if only this machine reaches
// the demo.
func (l *live) serveCode(w http.ResponseWriter, req *http.Request) {
	drawing, err := l.code(req, betPath)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	case drawing == "":
		http.Error(w, "Only this machine reaches the lab: start it with --lan.",
			http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write([]byte(drawing))
}
