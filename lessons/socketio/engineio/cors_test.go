package engineio

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"realtimelab/lessons/socketio/cors"
)

// corsHeaders are the headers of an answer that CORS is about, in one line.
func corsHeaders(h http.Header) string {
	var lines []string
	for _, key := range []string{"Origin", "Credentials", "Methods", "Headers", "Max-Age"} {
		lines = append(lines, h.Get("Access-Control-Allow-"+key)+h.Get("Access-Control-"+key))
	}
	lines = append(lines, h.Get("Access-Control-Expose-Headers"), h.Get("Vary"))
	return strings.Join(lines, " | ")
}

const everyMethod = "GET,HEAD,PUT,PATCH,POST,DELETE"

func TestCORS(t *testing.T) {
	yes := func(string, *http.Request) bool { return true }
	no := func(string, *http.Request) bool { return false }
	for name, c := range map[string]struct {
		cors              *cors.Policy
		origin            string
		simple, preflight string
	}{
		"off": {nil, "http://a", " |  |  |  |  |  | ", ""},
		"zero": {&cors.Policy{}, "http://a", "* |  |  |  |  |  | ",
			"* |  | " + everyMethod + " | x-a |  |  | Access-Control-Request-Headers"},
		"any": {&cors.Policy{Origins: []string{"*"}}, "http://a", "* |  |  |  |  |  | ",
			"* |  | " + everyMethod + " | x-a |  |  | Access-Control-Request-Headers"},
		"fixed": {&cors.Policy{Origins: []string{"http://a"}}, "http://b",
			"http://a |  |  |  |  |  | Origin", "http://a |  | " + everyMethod +
				" | x-a |  |  | Origin, Access-Control-Request-Headers"},
		"listed": {&cors.Policy{Origins: []string{"http://a", "http://b"}, Credentials: true},
			"http://b",
			"http://b | true |  |  |  |  | Origin", "http://b | true | " + everyMethod +
				" | x-a |  |  | Origin, Access-Control-Request-Headers"},
		"not listed": {&cors.Policy{Origins: []string{"http://a", "http://b"}, Credentials: true},
			"http://evil",
			" | true |  |  |  |  | Origin", " | true | " + everyMethod +
				" | x-a |  |  | Origin, Access-Control-Request-Headers"},
		"by pattern": {&cors.Policy{Patterns: []*regexp.Regexp{
			regexp.MustCompile(`^https://\w+\.lab$`)}}, "https://chat.lab",
			"https://chat.lab |  |  |  |  |  | Origin", "https://chat.lab |  | " + everyMethod +
				" | x-a |  |  | Origin, Access-Control-Request-Headers"},
		"not by pattern": {&cors.Policy{Patterns: []*regexp.Regexp{
			regexp.MustCompile(`^https://\w+\.lab$`)}}, "https://chat.lab.evil",
			" |  |  |  |  |  | Origin", " |  | " + everyMethod +
				" | x-a |  |  | Origin, Access-Control-Request-Headers"},
		"by function": {&cors.Policy{Allow: yes, Credentials: true}, "http://a",
			"http://a | true |  |  |  |  | Origin", "http://a | true | " + everyMethod +
				" | x-a |  |  | Origin, Access-Control-Request-Headers"},
		"not by function": {&cors.Policy{Allow: no, Credentials: true}, "http://a",
			" |  |  |  |  |  | Origin", ""},
		"all options": {&cors.Policy{Origins: []string{"http://a"}, Credentials: true,
			Methods:        []string{"GET", "POST"},
			AllowedHeaders: []string{"X-One", "X-Two"}, ExposedHeaders: []string{"X-Three",
				"X-Four"}, MaxAge: 10 * time.Minute}, "http://a",
			"http://a | true |  |  |  | X-Three,X-Four | Origin",
			"http://a | true | GET,POST | X-One,X-Two | 600 | X-Three,X-Four | Origin"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Config{CORS: c.cors})
			res, _ := l.ask("GET", overPolling, "", "Origin", c.origin)
			assert.Equal(t, 200, res.StatusCode)
			assert.Equal(t, c.simple, corsHeaders(res.Header))

			res, body := l.ask("OPTIONS", overPolling, "", "Origin", c.origin,
				"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "x-a")
			if c.preflight == "" {
				assert.Equal(t, `{"code":2,"message":"Bad handshake method"}`, body)
				return
			}
			assert.Equal(t, 204, res.StatusCode)
			assert.Empty(t, body)
			assert.Equal(t, c.preflight, corsHeaders(res.Header))
		})
	}
}

func TestCORSOfRefusalsAndOverWebSocket(t *testing.T) {
	l := newLab(t, Config{CORS: &cors.Policy{Origins: []string{"http://a"}}})
	res, _ := l.ask("GET", overPolling+"&sid=nobody", "", "Origin", "http://a")
	assert.Equal(t, 400, res.StatusCode)
	assert.Equal(t, "http://a", res.Header.Get("Access-Control-Allow-Origin"),
		"a page can read why it was refused")
	res, _ = l.shake(overWebSocket)
	assert.Equal(t, 101, res.StatusCode)
	assert.Equal(t, "http://a", res.Header.Get("Access-Control-Allow-Origin"))
}

func TestCORSPreflightAnswer(t *testing.T) {
	preflight := func(c *cors.Policy) (bool, *http.Response) {
		w := httptest.NewRecorder()
		w.Header().Set("Vary", "Accept-Encoding, origin")
		done := c.Handle(w, httptest.NewRequest("OPTIONS", "/", nil))
		return done, w.Result()
	}
	done, res := preflight(&cors.Policy{Origins: []string{"http://a"}, PreflightStatus: 200,
		MaxAge: -1})
	assert.True(t, done)
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, "0", res.Header.Get("Access-Control-Max-Age"))
	assert.Equal(t, "Accept-Encoding, origin, Access-Control-Request-Headers",
		res.Header.Get("Vary"), "nothing stands twice")
	done, res = preflight(&cors.Policy{PreflightContinue: true})
	assert.False(t, done)
	assert.Equal(t, everyMethod, res.Header.Get("Access-Control-Allow-Methods"))
}
