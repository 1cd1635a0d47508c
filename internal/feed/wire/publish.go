package wire

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"realtimelab/internal/feed"
)

// Limits of a client's message.
const (
	MaxBody = 64 << 10 // bytes of JSON in one message
	MaxFrom = 64       // characters in a name
)

// bodyTimeout bounds the time to receive a message body.
const bodyTimeout = 10 * time.Second

// A Draft is a client's message before the feed stamps it.
type Draft struct {
	From string `json:"from"`
	Text string `json:"text"`
}

// ParseDraft parses a draft from JSON. The error's text is meant for the client.
func ParseDraft(data []byte) (Draft, error) {
	var d Draft
	if !utf8.Valid(data) {
		return d, errors.New("the message is not UTF-8")
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return d, errors.New(`the message must be JSON such as {"from":"ann","text":"hi"}: ` +
			strings.TrimPrefix(err.Error(), "json: "))
	}
	switch {
	case d.From == "" || utf8.RuneCountInString(d.From) > MaxFrom:
		return d, errors.New(`"from" must have 1 to 64 characters`)
	case d.Text == "":
		return d, errors.New(`"text" must not be empty`)
	}
	return d, nil
}

var sameOrigin = http.NewCrossOriginProtection()

// Publish returns the handler of POST /messages of every lesson. It takes a draft and answers 201
// with the stamped message. It answers 403 to a page of another origin, 415 to a body that is not
// declared as JSON, 413 to one above MaxBody, 408 to one that arrives too slowly, and 400 to an
// invalid one.
func Publish(f *feed.Feed) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := sameOrigin.Check(r); err != nil {
			Refuse(w, http.StatusForbidden, "pages of another origin may not publish here")
			return
		}
		if !mayBeJSON(r.Header.Get("Content-Type")) {
			Refuse(w, http.StatusUnsupportedMediaType, "the body must be application/json")
			return
		}
		// some ResponseWriters have no deadlines; net/http resets it afterwards
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
		if err != nil {
			refuseBody(w, err)
			return
		}
		draft, err := ParseDraft(body)
		if err != nil {
			Refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		m, err := f.Publish(draft.From, draft.Text)
		if err != nil {
			RefuseClosed(w)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusCreated)
		answer := json.NewEncoder(w)
		answer.SetEscapeHTML(false)
		_ = answer.Encode(m)
	}
}

// mayBeJSON accepts JSON types, a missing type, and the two types that clients send by default,
// such as curl -d's form type.
func mayBeJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch media {
	case "application/json", "text/plain", "application/x-www-form-urlencoded":
		return true
	}
	return strings.HasSuffix(media, "+json")
}

func refuseBody(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		Refuse(w, http.StatusRequestEntityTooLarge, "the message is larger than 64 KiB")
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.Header().Set("Connection", "close")
		Refuse(w, http.StatusRequestTimeout, "the body did not come in time")
		return
	}
	Refuse(w, http.StatusBadRequest, "the body ended too early")
}
