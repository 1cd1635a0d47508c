package login

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// tokens signs and verifies bearer tokens. A token is a payload of JSON and its HMAC-SHA256, both
// in base64url:
//
//	eyJzdWIiOiJhbm4iLCJzaWQiOiI…fQ.Zm9vYmFy…
//
// Anyone can read it, and only the server can make one. The algorithm is
// fixed and not named in the token, where an attacker could change it.
type tokens struct{ key [32]byte }

// claims is the payload of a token.
type claims struct {
	Subject string `json:"sub"` // the name, for a reader
	Handle  string `json:"sid"` // the session's
	Expires int64  `json:"exp"` // ms since 1970
}

// sign returns a token of the session.
func (t *tokens) sign(s *session, expires time.Time) string {
	// strings and a number
	payload, _ := json.Marshal(claims{s.name, s.handle, expires.UnixMilli()})
	text := base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(t.mac(text))
}

func (t *tokens) mac(text string) []byte {
	h := hmac.New(sha256.New, t.key[:])
	h.Write([]byte(text))
	return h.Sum(nil)
}

var (
	errForged  = errors.New("the token is not signed by this server")
	errExpired = &closing{4401, "the token has expired"}
)

// verify returns the payload of a token that this server has signed and that has not expired. It
// reads no byte of the payload before the signature is right. hmac.Equal takes as long for a MAC
// that is right at the beginning as for any other, so that its time does not help to guess one.
func (t *tokens) verify(token string) (claims, error) {
	var c claims
	text, signature, _ := strings.Cut(token, ".")
	mac, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil || !hmac.Equal(mac, t.mac(text)) {
		return c, errForged
	}
	payload, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(payload, &c)
	}
	if err == nil && time.Now().UnixMilli() >= c.Expires {
		err = errExpired
	}
	return c, err
}

// grantOfToken returns what a token allows: a connection until it expires.
func (s *Server) grantOfToken(token string) (grant, error) {
	c, err := s.tokens.verify(token)
	if err != nil {
		return grant{}, err
	}
	session := s.sessions.findHandle(c.Handle)
	if session == nil {
		return grant{}, errNoSession // it has ended since the token was signed
	}
	return grant{session, time.UnixMilli(c.Expires)}, nil
}
