package wire

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Routes maps a demo's endpoints: path, then method, to handler. GET handlers also serve HEAD and
// see it as the method. Other methods get 405 with Allow, other paths 404, and OPTIONS gets Allow
// only.
type Routes map[string]map[string]http.HandlerFunc

func (rs Routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	methods, ok := rs[r.URL.Path]
	if !ok {
		Refuse(w, http.StatusNotFound, "not found: "+r.URL.Path)
		return
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if handle, ok := methods[method]; ok {
		handle(w, r)
		return
	}
	w.Header().Set("Allow", allow(methods))
	if method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	Refuse(w, http.StatusMethodNotAllowed, r.Method+" is not for "+r.URL.Path)
}

func allow(methods map[string]http.HandlerFunc) string {
	names := []string{http.MethodOptions}
	for name := range methods {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Refuse answers with the status and {"error":"…"}.
func Refuse(w http.ResponseWriter, status int, reason string) {
	body, _ := json.Marshal(map[string]string{"error": reason})
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// RefuseClosed answers 503 to a client of a closed feed, and ends the connection.
func RefuseClosed(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Retry-After", "1")
	Refuse(w, http.StatusServiceUnavailable, "the server is closing")
}
