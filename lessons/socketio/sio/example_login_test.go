package sio_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/golang-jwt/jwt/v5"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// greet connects over polling and over WebSocket, and prints what the server says.
func greet(url string, config sioclient.Config) {
	for _, transport := range []string{sioclient.Polling, sioclient.WebSocket} {
		config.Transports = []string{transport}
		s, err := sioclient.New(url, config)
		if err != nil {
			panic(err)
		}
		heard := make(chan string, 1)
		s.On("chat message", func(text string) { heard <- text })
		var refused *sioclient.HandshakeError
		switch err := s.Connect(context.Background()); {
		case errors.As(err, &refused):
			fmt.Println(transport, "refused:", refused.StatusCode)
		case err != nil:
			fmt.Println(transport, "refused:", err)
		default:
			fmt.Println(transport, "hears:", <-heard)
		}
		s.Close()
	}
}

// Basic authentication by a middleware in front. A browser sends the password with every request,
// also with that of a WebSocket, once the page itself was loaded with it.
func ExampleSocket_Request_basicAuth() {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		user, _, _ := s.Request().BasicAuth()
		s.Emit("chat message", "hello, "+user)
	})
	router := chi.NewRouter()
	router.Use(middleware.RequestID, middleware.Recoverer)
	router.Use(middleware.BasicAuth("chat", map[string]string{"ann": "secret"}))
	router.Handle("/socket.io/*", io) // in chi, "/socket.io/" alone is this one path
	url, stop := start(router, io)
	defer stop()

	for _, password := range []string{"secret", "guess"} {
		r, _ := http.NewRequest("GET", url, nil)
		r.SetBasicAuth("ann", password)
		greet(url, sioclient.Config{Header: r.Header})
	}
	// Output:
	// polling hears: hello, ann
	// websocket hears: hello, ann
	// polling refused: 401
	// websocket refused: 401
}

type claimsKey struct{}

// A JSON Web Token in the Authorization header. A browser cannot set headers of a WebSocket: a page
// gives the token in its auth option, for a middleware of [Namespace.Use].
func ExampleSocket_Request_jwt() {
	key := []byte("a key of at least 32 random bytes")
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		claims := s.Request().Context().Value(claimsKey{}).(*jwt.RegisteredClaims)
		s.Emit("chat message", "hello, "+claims.Subject)
	})
	authenticated := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			claims := &jwt.RegisteredClaims{}
			_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) {
				return key, nil
			},
				jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
			if err != nil {
				http.Error(w, "invalid token", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
		})
	}
	url, stop := start(authenticated(io), io)
	defer stop()

	for _, age := range []time.Duration{0, time.Hour} {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
			Subject:   "ann",
			ExpiresAt: jwt.NewNumericDate(time.Now().Add(10*time.Minute - age)),
		}).SignedString(key)
		if err != nil {
			panic(err)
		}
		greet(url, sioclient.Config{Header: http.Header{"Authorization": {"Bearer " + token}}})
	}
	// Output:
	// polling hears: hello, ann
	// websocket hears: hello, ann
	// polling refused: 401
	// websocket refused: 401
}

// A session with a cookie, which a login by HTTP has begun. scs sets the cookie with SameSite=Lax,
// so that a page of another site cannot use the session: otherwise engineio.Config.AllowRequest
// must compare the Origin header. The socket has the session as it was at the handshake: to see or
// to change the current one, load it by its token.
func ExampleSocket_Request_session() {
	sessions := scs.New()
	io := sio.NewServer(sio.Config{})
	io.Use(func(s *sio.Socket) error {
		if sessions.GetString(s.Request().Context(), "user") == "" {
			return errors.New("log in first")
		}
		return nil
	})
	io.OnConnection(func(s *sio.Socket) {
		s.Emit("chat message", "hello, "+sessions.GetString(s.Request().Context(), "user"))
	})
	router := chi.NewRouter()
	router.Use(sessions.LoadAndSave)
	router.Post("/login", func(w http.ResponseWriter, r *http.Request) {
		if err := sessions.RenewToken(r.Context()); err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
			return
		}
		sessions.Put(r.Context(), "user", r.FormValue("user")) // a password belongs here
	})
	router.Handle("/socket.io/*", io)
	server, stop := start(router, io)
	defer stop()

	jar, _ := cookiejar.New(nil)
	greet(server, sioclient.Config{Jar: jar})
	browser := http.Client{Jar: jar}
	answer, err := browser.PostForm(server+"/login", url.Values{"user": {"ann"}})
	if err != nil {
		panic(err)
	}
	answer.Body.Close()
	greet(server, sioclient.Config{Jar: jar})
	browser.CloseIdleConnections()
	// Output:
	// polling refused: log in first
	// websocket refused: log in first
	// polling hears: hello, ann
	// websocket hears: hello, ann
}
