package livepage

import (
	"encoding/json"
	"errors"
	"net/http"
)

const changeLimit = 16 << 10 // bytes of a change

// Busy is an error that refuses a change for the moment. The client gets 409, Conflict.
type Busy string

func (b Busy) Error() string { return string(b) }

// Change returns a handler that decodes the JSON in the body of a POST and applies it. If keyed
// returns false, the client gets 403. The answer is 204, or an error of one line.
func Change[T any](keyed func(*http.Request) bool, apply func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if !keyed(r) {
			http.Error(w,
				"Only the person who started the demo can change it. Open the page with the key: "+
					"its URL is in the terminal.", http.StatusForbidden)
			return
		}
		var wanted T
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, changeLimit)).Decode(&wanted)
		if err == nil {
			err = apply(wanted)
		}
		var busy Busy
		switch {
		case errors.As(err, &busy):
			http.Error(w, err.Error(), http.StatusConflict)
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}
}
