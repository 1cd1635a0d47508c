package engineio

import (
	"fmt"
	"net/http"
	"strconv"
)

// refusal is an answer to a request that no session takes.
type refusal struct {
	code    int
	message string
	status  int
}

var (
	unknownTransport   = &refusal{0, "Transport unknown", http.StatusBadRequest}
	unknownSID         = &refusal{1, "Session ID unknown", http.StatusBadRequest}
	badHandshakeMethod = &refusal{2, "Bad handshake method", http.StatusBadRequest}
	badRequest         = &refusal{3, "Bad request", http.StatusBadRequest}
	unsupportedVersion = &refusal{5, "Unsupported protocol version", http.StatusBadRequest}
)

// overHTTP answers {"code":…,"message":…}.
func (e *refusal) overHTTP(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	fmt.Fprintf(w, `{"code":%d,"message":%q}`, e.code, e.message)
}

// overWebSocket answers a handshake with the bare message, and closes.
func (e *refusal) overWebSocket(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Length", strconv.Itoa(len(e.message)))
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprint(w, e.message)
}
