package login

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"realtimelab/internal/feed/wire"
	"realtimelab/internal/lesson"
)

// evil is the name that the attacker of the DNS rebinding owns. No browser resolves it to this
// machine here, so a program sends the request that a browser would send.
const evil = "evil.example"

// startHostile starts the server of the page of another origin. Its page may use the demo's server,
// as a page of an attacker may use every server.
func (s *Server) startHostile(lesson.Env) (*lesson.Instance, error) {
	return &lesson.Instance{
		Handler:   wire.Routes{"/rebind": {http.MethodPost: s.rebind}},
		Uses:      []int{s.port},
		BothNames: true,
		Clients:   func() int { return 0 },
		Close:     func(context.Context) error { return nil },
	}, nil
}

const (
	rebindTime = 3 * time.Second
	maxAnswer  = 16 << 10 // bytes
)

// rebind sends the demo's server the request of a page of evil.example, whose name now resolves to
// the address of that server, and answers with both sides' bytes. Such a page is of the same origin
// as what it asks for, so it may read the answer. It has no cookie: that belongs to the server's
// own name.
func (s *Server) rebind(w http.ResponseWriter, r *http.Request) {
	client := r.URL.Query().Get("client")
	if !clientName.MatchString(client) {
		wire.Refuse(w, http.StatusBadRequest, "client must name the page")
		return
	}
	hostname, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		hostname = r.Host
	}
	request := fmt.Sprintf(
		"GET /account/status?client=%s HTTP/1.1\r\nHost: %s:%d\r\nSec-Fetch-Site: same-origin\r\n"+
			"Connection: close\r\n\r\n", client, evil, s.port)
	got, err := exchange(r.Context(), net.JoinHostPort(hostname, strconv.Itoa(s.port)),
		r.TLS != nil, request)
	result := map[string]string{"request": request, "answer": got}
	if err != nil {
		result["error"] = err.Error()
	}
	answer(w, http.StatusOK, result)
}

// exchange sends a request and returns the answer's bytes. Over TLS it checks the certificate for
// the name in the request, as a browser does.
func exchange(ctx context.Context, address string, secure bool, request string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, rebindTime)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(rebindTime))
	if secure {
		over := tls.Client(conn, &tls.Config{ServerName: evil})
		if err := over.HandshakeContext(ctx); err != nil {
			return "", err
		}
		conn = over
	}
	if _, err := io.WriteString(conn, request); err != nil {
		return "", err
	}
	got, err := io.ReadAll(io.LimitReader(conn, maxAnswer))
	return string(got), err
}
