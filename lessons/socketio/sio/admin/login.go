package admin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"realtimelab/lessons/socketio/sio"
)

// minKey is the least length of Config.SessionKey, in bytes.
const minKey = 16

// The errors that a refused admin receives. The page knows the first text.
var (
	errCredentials = errors.New("invalid credentials")
	errOrigin      = errors.New("pages of this origin may not connect here")
	errClosed      = errors.New("the admin namespace is closed")
)

// credentials are the auth payload of the page: a login, or the session id of an earlier one.
type credentials struct {
	Username  string `json:"username"`
	Password  string `json:"password"`
	SessionID string `json:"sessionId"`
}

// admit is the middleware of the admin namespace.
func (a *Admin) admit(s *sio.Socket) error {
	err := a.mayEnter(s)
	if err != nil {
		a.config.Log.Warn("admin refused", "address", s.Request().RemoteAddr, "err", err)
		return err
	}
	a.config.Log.Info("admin logged in", "socket", s.ID(), "address", s.Request().RemoteAddr)
	return nil
}

func (a *Admin) mayEnter(s *sio.Socket) error {
	a.mu.Lock()
	closed := a.closed
	a.mu.Unlock()
	switch {
	case closed:
		return errClosed
	case !a.mayConnect(s.Request()):
		return errOrigin
	case a.config.Open || a.hasSession(s):
		return nil
	}
	var given credentials
	if err := s.Handshake().Auth(&given); err != nil || given.Password == "" {
		return errCredentials
	}
	select {
	case a.checking <- struct{}{}:
		defer func() { <-a.checking }()
	case <-s.Context().Done():
		return errCredentials
	}
	// Both are compared, so that the time does not tell whether the name is right.
	named := subtle.ConstantTimeCompare([]byte(given.Username), []byte(a.config.Auth.Username)) == 1
	err := bcrypt.CompareHashAndPassword([]byte(a.config.Auth.PasswordHash), []byte(given.Password))
	if err != nil || !named {
		return errCredentials
	}
	return nil
}

// mayConnect reports whether the page that has sent the handshake may be an admin: one of this
// server's own pages, or one of Config.Origins. Browsers name a page's origin, and pages cannot
// change that.
func (a *Admin) mayConnect(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case slices.Contains(a.config.Origins, origin):
		return true
	case a.config.Open && !isLocalName(r.Host):
		return false
	case origin == "":
		return site != "cross-site" && site != "same-site"
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// isLocalName reports whether a host is "localhost" or an IP address, which no name server of
// another site can claim.
func isLocalName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost")
}

// hasSession reports whether the socket's client brings the id of a session that counts.
func (a *Admin) hasSession(s *sio.Socket) bool {
	var given credentials
	return s.Handshake().Auth(&given) == nil && a.isSession(given.SessionID, time.Now())
}

// newSession makes the id of a session: its end in seconds since 1970, a random text, and the
// signature of both. The server keeps nothing.
func (a *Admin) newSession(now time.Time) string {
	unsigned := strconv.FormatInt(now.Add(a.config.SessionDuration).Unix(), 10) + "." + rand.Text()
	return unsigned + "." + a.sign(unsigned)
}

// isSession reports whether newSession has made the id, and the session has not ended.
func (a *Admin) isSession(id string, now time.Time) bool {
	at := strings.LastIndexByte(id, '.')
	if a.config.Open || at < 0 || !hmac.Equal([]byte(id[at+1:]), []byte(a.sign(id[:at]))) {
		return false
	}
	end, _, _ := strings.Cut(id, ".")
	seconds, err := strconv.ParseInt(end, 10, 64)
	return err == nil && now.Before(time.Unix(seconds, 0))
}

// sign returns the signature of a session id. It depends on the login, too.
func (a *Admin) sign(unsigned string) string {
	mac := hmac.New(sha256.New, a.config.SessionKey)
	for _, part := range []string{a.config.Auth.Username, a.config.Auth.PasswordHash, unsigned} {
		mac.Write(strconv.AppendQuote(nil, part))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
