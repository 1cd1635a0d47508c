package host

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
)

// A Key proves that a client belongs to the person who started the lab. It grants access to what
// affects everyone: the x-ray of all connections, and the controls that change a demo for all. The
// zero Key matches no request.
type Key struct{ text string }

// NewKey returns a random key of 128 bits.
func NewKey() Key { return Key{randomID()} }

// ParseKey returns the key with that text. It refuses a text that NewKey does not make.
func ParseKey(text string) (Key, error) {
	if b, err := base64.RawURLEncoding.DecodeString(text); err != nil || len(b) != 16 {
		return Key{}, errors.New("the key is not 128 bits in base64url")
	}
	return Key{text}, nil
}

// Text returns the key as the address has it.
func (k Key) Text() string { return k.text }

// randomID returns 128 random bits as text.
func randomID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// URL returns the page's URL with the key in the fragment, which browsers do not send with
// requests. The page posts the key once and gets a cookie.
func (k Key) URL(page string) string {
	if k.text == "" {
		return page
	}
	return page + "/#key=" + k.text
}

// Bearer returns the value of the Authorization header for clients without cookies.
func (k Key) Bearer() string { return "Bearer " + k.text }

// Held reports whether the request carries the key, either in its cookie or in the Authorization
// header.
func (k Key) Held(r *http.Request) bool {
	if k.text == "" {
		return false
	}
	name, value := k.cookie(r)
	for _, c := range r.CookiesNamed(name) {
		if same(c.Value, value) {
			return true
		}
	}
	return same(r.Header.Get("Authorization"), k.Bearer())
}

// cookie returns the cookie that stands for the key in a browser. Browsers share cookies between
// ports, so the name includes the port, and the value does not reveal the key to other servers on
// the same host. Over TLS the cookie is Secure and has a name of its own, because a server without
// TLS cannot replace a Secure cookie.
func (k Key) cookie(r *http.Request) (name, value string) {
	_, port, _ := net.SplitHostPort(r.Host)
	mac := hmac.New(sha256.New, []byte(k.text))
	io.WriteString(mac, "cookie")
	name = "lab-key-"
	if r.TLS != nil {
		name += "tls-"
	}
	return name + port, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// ServeHTTP takes the key from the body of a page's POST and answers with the cookie.
func (k Key) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 100))
	if err != nil || k.text == "" || !same(strings.TrimSpace(string(text)), k.text) {
		http.Error(w, "This is not the key that the lab printed when it started.",
			http.StatusForbidden)
		return
	}
	name, value := k.cookie(r)
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/lab/", Secure: r.TLS != nil,
		HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.WriteHeader(http.StatusNoContent)
}
