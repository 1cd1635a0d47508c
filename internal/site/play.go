package site

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
)

// playPolicy is the policy of the frame that runs the reader's own client. The frame has an origin
// of its own, even when it is opened by itself, and may load nothing and connect to nothing: the
// page around it does so on its behalf, see web/shared/play.js.
const playPolicy = "sandbox allow-scripts; default-src 'none'; script-src " +
	"'unsafe-inline' 'unsafe-eval'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// servePlay serves the frame of the reader's own client.
func (c Config) servePlay(mux *http.ServeMux) error {
	script, err := fs.ReadFile(c.Web, "shared/play-frame.js")
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a site without stages
	}
	if err != nil {
		return err
	}
	document := fmt.Sprintf(
		"<!doctype html>\n<meta charset=\"utf-8\">\n<title>Client</title>\n<script>\n%s</script>\n",
		script)
	mux.HandleFunc("GET "+labPath+"play", func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", playPolicy)
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cache-Control", "no-cache")
		fmt.Fprint(w, document)
	})
	return nil
}
