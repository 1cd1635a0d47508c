package socketio

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// serverConfig is the configuration that all demos start from.
func serverConfig(env lesson.Env) sio.Config {
	return sio.Config{
		Log:    env.Log,
		Engine: engineio.Config{AllowRequest: sameOrigin},
	}
}

// sameOrigin refuses the handshake of another origin's page, over every transport. The client gets
// 403 for a polling request, and 400 for a WebSocket handshake, as from the official server.
//
// Without it, any page on the web can connect: the same-origin policy does not cover WebSockets,
// and CORS only decides whether a page may read an HTTP answer. A browser does name the page's
// origin, and scripts cannot change that header. Other programs send none of these headers.
func sameOrigin(r *http.Request) error {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site": // the same site on another port is another origin
		return errForeignOrigin
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
		return errForeignOrigin
	}
	return nil
}

var errForeignOrigin = errors.New("pages of another origin may not connect here")
