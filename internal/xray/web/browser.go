package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"

	"realtimelab/internal/tap"
)

// browserCookie identifies a browser, so that the x-ray can show each browser its own connections.
// Its value is random and identifies no person.
const browserCookie = "lab"

// infoPath is the path of a page's info.
const infoPath = labPath + "info.json"

// randomID returns 128 random bits as text.
func randomID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// BrowserOf returns the ID of the browser that sent the request, or "" for a client without the
// cookie.
func BrowserOf(r *http.Request) string {
	c, err := r.Cookie(browserCookie)
	if err != nil || len(c.Value) != len(randomID()) {
		return ""
	}
	return c.Value
}

// KnowBrowsers claims each connection for the browser whose requests it carries, and sets the
// cookie when a new browser asks for the page or its info. A connection's claims count its requests
// to the demo.
func KnowBrowsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		browser := BrowserOf(r)
		if browser == "" && (r.URL.Path == "/" || r.URL.Path == infoPath) {
			browser = randomID()
			http.SetCookie(w, &http.Cookie{Name: browserCookie, Value: browser, Path: "/",
				HttpOnly: true, SameSite: http.SameSiteStrictMode})
		}
		if c := tap.FromContext(r.Context()); c != nil {
			requests := int64(1)
			if strings.HasPrefix(r.URL.Path, labPath) {
				requests = 0
			}
			c.Claim(browser, requests)
		}
		next.ServeHTTP(w, r)
	})
}

// Show claims the connection of a request for a browser, although the request does not carry its
// cookie. A connection that another browser has claimed is then shown to neither.
func Show(r *http.Request, browser string) {
	if c := tap.FromContext(r.Context()); c != nil && browser != "" {
		c.Claim(browser, 0)
	}
}
