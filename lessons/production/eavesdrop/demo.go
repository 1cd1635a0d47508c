// Package eavesdrop is the demo of the lesson on TLS. A client in Go opens a WebSocket to a server,
// and the page shows what three places on the way can read: the network, a proxy, and the server.
package eavesdrop

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"realtimelab/internal/certificate"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// Demo describes the demo.
func Demo() lesson.Demo {
	return lesson.Demo{
		Name:  "eavesdrop",
		Title: lang.Text{EN: "What an eavesdropper sees", ZH: "窃听者看到什么"},
		Summary: lang.Text{
			EN: "A WebSocket with a session cookie crosses a network and a proxy. What can each " +
				"of them read, with TLS and without?",
			ZH: "一个带着会话 cookie 的 WebSocket 穿过网络和代理。有 TLS " +
				"和没有 TLS，它们各能读到什么？",
		},
		Start: start,
	}
}

// Limits of an attempt.
const (
	tryTime   = 20 * time.Second
	tryAtOnce = 4
	maxText   = 200     // bytes of a message
	maxBody   = 4 << 10 // bytes of a request
)

// demo holds the two authorities: the one that the whole world trusts, here played by a fresh one,
// and the company's, which only its own machines trust.
type demo struct {
	world, company *certificate.Authority
	tap            func() lesson.Tap
	log            *slog.Logger
	running        chan struct{} // as many as attempts run
	ctx            context.Context
}

func start(env lesson.Env) (*lesson.Instance, error) {
	if env.Lab == nil {
		return nil, errors.New("the demo eavesdrop needs the lab's x-ray")
	}
	world, err := certificate.NewAuthority()
	if err != nil {
		return nil, err
	}
	company, err := certificate.NewAuthority()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &demo{world: world, company: company, tap: env.Lab.Tap, log: env.Log,
		running: make(chan struct{}, tryAtOnce), ctx: ctx}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /try", d.serve)
	return &lesson.Instance{Handler: mux, Clients: func() int {
		return len(d.running)
	}, Close: func(context.Context) error {
		cancel()
		return nil
	}}, nil
}

// serve runs the attempt that the page asks for.
func (d *demo) serve(w http.ResponseWriter, r *http.Request) {
	var a attempt
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&a); err != nil {
		refuse(w, http.StatusBadRequest,
			"want a JSON object such as "+
				"{\"tls\":true,\"proxy\":\"tunnel\",\"trust\":false,\"text\":\"hello\"}")
		return
	}
	if err := a.check(); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	select {
	case d.running <- struct{}{}:
		defer func() { <-d.running }()
	default:
		refuse(w, http.StatusTooManyRequests, "too many attempts run at this moment: try again")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), tryTime)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	result, err := d.try(ctx, a)
	if err != nil {
		d.log.Warn("an attempt failed", "err", err)
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}
