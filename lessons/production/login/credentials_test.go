package login

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lesson"
)

// newServer returns a server that ends with the test.
func newServer(t *testing.T) *Server {
	s := NewServer(Config{}, lesson.Env{Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { assert.NoError(t, s.Close(context.Background())) })
	return s
}

// begin begins a session.
func begin(t *testing.T, s *Server, name string) *session {
	n, err := s.sessions.begin(name, s.cfg.SessionLife)
	require.NoError(t, err)
	return n
}

func TestTokenIsValidUntilItsExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		ann := begin(t, s, "ann")
		token := s.tokens.sign(ann, time.Now().Add(20*time.Second))
		g, err := s.grantOfToken(token)
		require.NoError(t, err)
		assert.Same(t, ann, g.session)
		assert.Equal(t, time.Now().Add(20*time.Second).UnixMilli(), g.expires.UnixMilli())
		assert.NotContains(t, token, ann.id, "the token does not contain the cookie")

		time.Sleep(20*time.Second - time.Millisecond)
		_, err = s.grantOfToken(token)
		assert.NoError(t, err)
		time.Sleep(time.Millisecond)
		_, err = s.grantOfToken(token)
		assert.ErrorIs(t, err, errExpired)
	})
}

func TestTokenOfAnEndedSession(t *testing.T) {
	s := newServer(t)
	ann := begin(t, s, "ann")
	token := s.tokens.sign(ann, time.Now().Add(time.Minute))
	s.sessions.end(ann, errLoggedOut)
	_, err := s.grantOfToken(token)
	assert.ErrorIs(t, err, errNoSession)
}

func TestForgedTokens(t *testing.T) {
	s, other := newServer(t), newServer(t)
	ann := begin(t, s, "ann")
	good := s.tokens.sign(ann, time.Now().Add(time.Minute))
	payload, signature, _ := strings.Cut(good, ".")
	encode := base64.RawURLEncoding.EncodeToString
	forged := []string{
		"", ".", payload, payload + ".", "." + signature, good + "A", good + ".",
		other.tokens.sign(ann, time.Now().Add(time.Minute)),
		encode([]byte(`{"sub":"admin","sid":"`+ann.handle+`","exp":99999999999999}`)) + "." +
			signature,
		payload + "." + encode(make([]byte, 32)),
		payload + "." + signature[:len(signature)-2],
	}
	for i := range good { // every character counts
		changed := []byte(good)
		if changed[i]++; changed[i] == '.' {
			changed[i]++
		}
		forged = append(forged, string(changed))
	}
	for _, token := range forged {
		_, err := s.grantOfToken(token)
		assert.ErrorIs(t, err, errForged, token)
	}
	_, err := s.grantOfToken(good)
	assert.NoError(t, err)
}

// TestSignaturesAreComparedInConstantTime reads the code: a measurement cannot decide it on a
// loaded machine. The MAC is compared by hmac.Equal, and by nothing else.
func TestSignaturesAreComparedInConstantTime(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "token.go", nil, 0)
	require.NoError(t, err)
	equal, other := 0, 0
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && of.Name == "hmac" && n.Sel.Name == "Equal" {
				equal++
			} else if ok && (of.Name == "bytes" || of.Name == "slices") &&
				(n.Sel.Name == "Equal" || n.Sel.Name == "Compare") {
				other++
			}
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				for _, side := range []ast.Expr{n.X, n.Y} {
					if name, ok := side.(*ast.Ident); ok &&
						(name.Name == "mac" || name.Name == "signature") {
						other++
					}
				}
			}
		}
		return true
	})
	assert.Equal(t, 1, equal)
	assert.Zero(t, other)
}

func TestTicketIsUsedOnce(t *testing.T) {
	s := newServer(t)
	ann := begin(t, s, "ann")
	id, _, err := s.tickets.issue(ann)
	require.NoError(t, err)
	assert.Regexp(t, `^[\w-]{22}$`, id)
	var used atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got, err := s.tickets.use(id); err == nil && got == ann {
				used.Add(1)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 1, used.Load(), "of fifty uses at the same time, one gets the session")
	for _, id := range []string{id, "", "unknown"} {
		_, err = s.tickets.use(id)
		assert.ErrorIs(t, err, errTicket)
	}
}

func TestTicketLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		ann := begin(t, s, "ann")
		early, _, err := s.tickets.issue(ann)
		require.NoError(t, err)
		late, expires, err := s.tickets.issue(ann)
		require.NoError(t, err)
		assert.Equal(t, time.Now().Add(10*time.Second), expires)
		time.Sleep(10*time.Second - 1)
		_, err = s.tickets.use(early)
		assert.NoError(t, err)
		time.Sleep(time.Nanosecond)
		_, err = s.tickets.use(late)
		assert.ErrorIs(t, err, errTicket)

		for range 3 {
			_, _, err = s.tickets.issue(ann)
			require.NoError(t, err)
		}
		time.Sleep(11 * time.Second)
		last, _, err := s.tickets.issue(ann)
		require.NoError(t, err)
		assert.Len(t, s.tickets.open, 1, "old tickets are forgotten")
		s.sessions.end(ann, errLoggedOut)
		_, err = s.tickets.use(last)
		assert.ErrorIs(t, err, errTicket, "a ticket ends with its session")
	})
}

func TestTicketsAreBounded(t *testing.T) {
	s := newServer(t)
	ann := begin(t, s, "ann")
	for range maxTickets {
		s.tickets.open[randomID()] = ticket{ann, time.Now().Add(time.Minute)}
	}
	_, _, err := s.tickets.issue(ann)
	assert.ErrorContains(t, err, "too many tickets")
}

func TestSessionEndsWithoutRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		ann := begin(t, s, "ann")
		for range 3 { // each request begins its life again
			time.Sleep(29 * time.Minute)
			require.Same(t, ann, s.sessions.find(ann.id))
		}
		time.Sleep(30*time.Minute + 1)
		synctest.Wait()
		assert.Nil(t, s.sessions.find(ann.id))
		assert.Nil(t, s.sessions.findHandle(ann.handle))
		assert.ErrorIs(t, context.Cause(ann.ctx), errSessionOver)
	})
}

func TestCookieFlags(t *testing.T) {
	s := newServer(t)
	for _, tc := range []struct {
		url      string
		secure   bool
		sameSite bool
		want     string
	}{
		{"http://127.0.0.1:3000/login", false, true,
			"session-3000=x; Path=/; HttpOnly; SameSite=Strict"},
		{"https://127.0.0.1:3000/login", true, true,
			"__Host-session-3000=x; Path=/; HttpOnly; Secure; SameSite=Strict"},
		{"https://lab.example/login", true, true,
			"__Host-session=x; Path=/; HttpOnly; Secure; SameSite=Strict"},
		{"http://127.0.0.1:3000/login", false, false,
			"session-3000=x; Path=/; HttpOnly; Secure; SameSite=None"},
		{"http://localhost:3000/login", false, false,
			"session-3000=x; Path=/; HttpOnly; Secure; SameSite=None"},
		{"http://192.168.1.7:3000/login", false, false, "session-3000=x; Path=/; HttpOnly"},
		{"https://192.168.1.7:3000/login", true, false,
			"__Host-session-3000=x; Path=/; HttpOnly; Secure; SameSite=None"},
	} {
		s.checks.SameSite = tc.sameSite
		r := httptest.NewRequest(http.MethodPost, tc.url, nil)
		if r.TLS = nil; tc.secure {
			r.TLS = &tls.ConnectionState{}
		}
		assert.Equal(t, tc.want, s.cookie(r, "x").String(), tc.url)
	}
}
