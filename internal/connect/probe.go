package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sioclient"
)

// An engineAnswer is a server's answer to a request for a session of Engine.IO over polling.
type engineAnswer struct {
	status      int
	contentType string
	body        []byte
	location    string // where the request was redirected to; empty if it was not
}

// engineOpen begins the payload of a new session: of revision 4, and of revision 3 as text and as
// bytes.
var (
	engineOpen   = regexp.MustCompile(`^0\{.*"sid"`)
	engineOpenV3 = regexp.MustCompile(`^(\d+:|\x00[\x00-\x09]+\xff)0\{.*"sid"`)
)

// refusal returns the message with which an Engine.IO server refuses a request. Other servers'
// answers have none.
func (a engineAnswer) refusal() (code int, message string) {
	var refused struct {
		Code    *int   `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(a.body, &refused) == nil && refused.Code != nil {
		return *refused.Code, refused.Message
	}
	var text string // how python-engineio refuses
	if a.status == http.StatusBadRequest && json.Unmarshal(a.body, &text) == nil && text != "" {
		return 0, text
	}
	return 0, ""
}

// isEngine reports whether the answer is one of Engine.IO, of any revision.
func (a engineAnswer) isEngine() bool {
	_, message := a.refusal()
	return message != "" || a.opens() || a.opensV3()
}

// opensV3 reports whether the server has opened a session of revision 3.
func (a engineAnswer) opensV3() bool {
	return a.status == http.StatusOK && engineOpenV3.Match(a.body)
}

// opens reports whether the server has opened a session of revision 4.
func (a engineAnswer) opens() bool { return a.status == http.StatusOK && engineOpen.Match(a.body) }

// askEngine asks for a session of Engine.IO, and ends it again.
func (s *Session) askEngine(ctx context.Context) (a engineAnswer, err error) {
	client := s.wire.http()
	defer client.CloseIdleConnections()
	address := s.config.engineURL(s.url, sioclient.Polling)
	res, err := s.request(ctx, client, http.MethodGet, address, nil)
	if err != nil {
		return a, err
	}
	a.status, a.contentType = res.StatusCode, res.Header.Get("Content-Type")
	a.body, err = io.ReadAll(io.LimitReader(res.Body, 64<<10))
	res.Body.Close()
	if err != nil {
		return a, err
	}
	if at := res.Request.URL.String(); at != address {
		a.location = res.Request.URL.Redacted()
	}
	s.endEngine(ctx, client, address, a)
	return a, nil
}

// engineSID finds the id of the session in its opening.
var engineSID = regexp.MustCompile(`"sid":"([^"]+)"`)

// endEngine ends the session that askEngine has opened, so that the server does not keep it until
// its ping timeout.
func (s *Session) endEngine(ctx context.Context, client *http.Client, address string,
	a engineAnswer) {
	closing := "1"
	if a.opensV3() {
		closing = "1:1"
	}
	sid := engineSID.FindSubmatch(a.body)
	if sid == nil || !a.opens() && !a.opensV3() {
		return
	}
	address += "&sid=" + url.QueryEscape(string(sid[1]))
	if res, err := s.request(ctx, client, http.MethodPost, address,
		strings.NewReader(closing)); err == nil {
		res.Body.Close()
	}
}

func (s *Session) request(ctx context.Context, client *http.Client, method, address string,
	body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	for name, all := range s.config.Header {
		req.Header[name] = all
	}
	if host := s.config.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	return client.Do(req)
}

// answered returns an answer in the server's own words. In Chinese a space goes before them.
func answered(text string) lang.Text { return lang.Text{EN: text, ZH: " " + text} }

// summary names the answer in a few words.
func (a engineAnswer) summary() lang.Text {
	if _, message := a.refusal(); message != "" {
		return answered(fmt.Sprintf("%d %q", a.status, message))
	}
	switch {
	case a.opens():
		return lang.Text{EN: "with a session of Engine.IO", ZH: "一个 Engine.IO 会话"}
	case a.opensV3():
		return lang.Text{EN: "with a session of Engine.IO 3", ZH: "一个 Engine.IO 3 会话"}
	}
	kind, _, _ := strings.Cut(a.contentType, ";")
	text := strings.TrimSpace(string(bytes.TrimSpace(a.body)))
	if len(text) > 60 || strings.ContainsAny(text, "<\n") || text == "" {
		return answered(strings.TrimSpace(
			fmt.Sprintf("%d %s %s", a.status, http.StatusText(a.status), kind)))
	}
	return answered(fmt.Sprintf("%d %q", a.status, text))
}
