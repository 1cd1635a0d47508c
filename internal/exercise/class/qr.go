package class

import (
	"io"
	"net/http"

	"realtimelab/internal/qr"
)

// code draws the board's address, for phones.
func (s *Site) code(w http.ResponseWriter, _ *http.Request) {
	code, err := qr.SVG(s.URL)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "no code for this address")
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-cache")
	io.WriteString(w, code)
}
