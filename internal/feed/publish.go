package feed

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
)

// The bounds of what a client may say.
const (
	MaxBody = 64 << 10 // bytes of JSON in one message
	MaxFrom = 64       // characters in a name
)

// bodyTimeout is how long a client may take to send a message's body.
const bodyTimeout = 10 * time.Second

// Draft is what a client sends: a message before the feed has stamped it.
type Draft struct {
	From string `json:"from"`
	Text string `json:"text"`
}

// ParseDraft reads a draft from its JSON. The error's text is for the client.
func ParseDraft(data []byte) (Draft, error) {
	var d Draft
	if !utf8.Valid(data) {
		return d, errors.New("the message is not UTF-8")
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return d, errors.New(`the message must be JSON such as {"from":"ann","text":"hi"}: ` + strings.TrimPrefix(err.Error(), "json: "))
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

// ServePublish is POST /messages of every lesson: a draft comes in, 201 and the
// stamped message go out. A page of another origin is answered 403, a body that
// says it is no JSON 415, one above MaxBody 413, one that takes too long 408, a bad
// one 400.
func (f *Feed) ServePublish(w http.ResponseWriter, r *http.Request) {
	if err := sameOrigin.Check(r); err != nil {
		Refuse(w, http.StatusForbidden, "pages of another origin may not publish here")
		return
	}
	if !mayBeJSON(r.Header.Get("Content-Type")) {
		Refuse(w, http.StatusUnsupportedMediaType, "the body must be application/json")
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // not every ResponseWriter can; net/http lifts it afterwards
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
	_, _ = w.Write(append(newEntry(m).JSON, '\n'))
}

// mayBeJSON lets pass what says it is JSON, what says nothing, and the two types
// that clients send without a thought: curl -d sends a form's.
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
