package login

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// callbackName is the name of a function that a script may call.
var callbackName = regexp.MustCompile(`^[A-Za-z_$][\w$]{0,40}$`)

// serveData answers with the account of the cookie. With ?callback=NAME the answer is a script that
// calls the function with the account (JSONP), so that a page of any origin that loads the script
// gets it.
func (s *Server) serveData(w http.ResponseWriter, r *http.Request) {
	session := s.sessionOf(r)
	if session == nil {
		s.refuse(w, r, http.StatusUnauthorized, errNoSession.Error())
		return
	}
	account := map[string]string{"name": session.name, "note": session.note}
	if !r.URL.Query().Has("callback") {
		s.pages.verdict(r, http.StatusOK, "")
		answer(w, http.StatusOK, account)
		return
	}
	callback := r.URL.Query().Get("callback")
	if !callbackName.MatchString(callback) {
		s.refuse(w, r, http.StatusBadRequest, "callback must be the name of a function")
		return
	}
	s.pages.verdict(r, http.StatusOK, "")
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	data, _ := json.Marshal(account)
	_, _ = w.Write(slices.Concat([]byte(callback+"("), data, []byte(");\n")))
}

// serveStatus answers every client, as pages for operators do where only this machine can reach
// them. It names the people who are logged in, and reveals nothing that opens a session.
func (s *Server) serveStatus(w http.ResponseWriter, r *http.Request) {
	s.pages.verdict(r, http.StatusOK, "")
	names := []string{}
	for _, session := range s.sessions.all() {
		names = append(names, session.name)
	}
	slices.SortFunc(names, strings.Compare)
	answer(w, http.StatusOK, map[string]any{"sessions": names, "connections": s.Clients()})
}
