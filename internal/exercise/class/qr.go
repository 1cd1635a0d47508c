package class

import (
	"fmt"
	"net/http"
	"strings"

	"rsc.io/qr"
)

// code draws the board's address, for phones.
func (s *Site) code(w http.ResponseWriter, _ *http.Request) {
	code, err := qr.Encode(s.URL, qr.M)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "no code for this address")
		return
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-cache")
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 %d %[1]d" shape-rendering="crispEdges"><path fill="#fff" d="M-2-2h%[1]dv%[1]dh-%[1]dz"/><path d="%s"/></svg>`, code.Size+4, path.String())
}
