package wire

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/feed"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func routes(f *feed.Feed) Routes {
	return Routes{"/messages": {http.MethodPost: Publish(f),
		http.MethodGet: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.Method)
		}}}
}

func TestPublish(t *testing.T) {
	big := `{"from":"ann","text":"` + strings.Repeat("a", MaxBody) + `"}`
	for _, tc := range []struct {
		name   string
		method string
		path   string
		header map[string]string
		body   string
		status int
		answer string
	}{
		{name: "plain", body: `{"from":"ann","text":"你好"}`, status: 201,
			answer: `{"id":1,"from":"ann","text":"你好","at":"`},
		{name: "curl -d",
			header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			body:   `{"from":"ann","text":"hi"}`, status: 201},
		{name: "a page of this origin", header: map[string]string{"Sec-Fetch-Site": "same-origin"},
			body: `{"from":"ann","text":"hi"}`, status: 201},
		{name: "a page of another origin",
			header: map[string]string{"Sec-Fetch-Site": "cross-site"},
			body:   `{"from":"ann","text":"hi"}`, status: 403, answer: "another origin"},
		{name: "an old browser's page of another origin",
			header: map[string]string{"Origin": "http://evil.example"},
			body:   `{"from":"ann","text":"hi"}`, status: 403, answer: "another origin"},
		{name: "empty", body: ``, status: 400, answer: "must be JSON"},
		{name: "not JSON", body: `hello`, status: 400, answer: "must be JSON"},
		{name: "JSON and more", body: `{"from":"ann","text":"hi"}{}`, status: 400,
			answer: "must be JSON"},
		{name: "an array", body: `[1]`, status: 400, answer: "must be JSON"},
		{name: "wrong type", body: `{"from":"ann","text":7}`, status: 400, answer: "text"},
		{name: "null", body: `null`, status: 400, answer: `\"from\"`},
		{name: "no from", body: `{"text":"hi"}`, status: 400, answer: `\"from\"`},
		{name: "long from", body: `{"from":"` + strings.Repeat("你", MaxFrom+1) + `","text":"hi"}`,
			status: 400, answer: `\"from\"`},
		{name: "no text", body: `{"from":"ann"}`, status: 400, answer: `\"text\"`},
		{name: "not UTF-8", body: "{\"from\":\"ann\",\"text\":\"\xff\"}", status: 400,
			answer: "UTF-8"},
		{name: "too large", body: big, status: 413, answer: "64 KiB"},
		{name: "XML", header: map[string]string{"Content-Type": "application/xml"}, body: `<m/>`,
			status: 415, answer: "application/json"},
		{name: "no media type", header: map[string]string{"Content-Type": "///"}, body: `{}`,
			status: 415, answer: "application/json"},
		{name: "PUT", method: "PUT", status: 405, answer: "PUT is not for /messages"},
		{name: "elsewhere", path: "/nope", status: 404, answer: "/nope"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := feed.New(feed.Config{})
			r := httptest.NewRequest(cmp.Or(tc.method, "POST"), cmp.Or(tc.path, "/messages"),
				strings.NewReader(tc.body))
			for name, value := range tc.header {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			routes(f).ServeHTTP(w, r)
			assert.Equal(t, tc.status, w.Code)
			assert.Contains(t, w.Body.String(), tc.answer)
			assert.True(t, json.Valid(w.Body.Bytes()), w.Body.String())
			assert.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
			if tc.status != 201 {
				assert.Zero(t, f.Last(), "what is refused is not published")
				assert.True(t, strings.HasPrefix(w.Body.String(), `{"error":"`), w.Body.String())
			}
			if tc.status == 405 {
				assert.Equal(t, "GET, HEAD, OPTIONS, POST", w.Header().Get("Allow"))
			}
		})
	}
}

func TestExactlyMaxBody(t *testing.T) {
	f := feed.New(feed.Config{})
	frame := `{"from":"ann","text":""}`
	body := `{"from":"ann","text":"` + strings.Repeat("a", MaxBody-len(frame)) + `"}`
	require.Len(t, body, MaxBody)
	w := httptest.NewRecorder()
	routes(f).ServeHTTP(w, httptest.NewRequest("POST", "/messages", strings.NewReader(body)))
	require.Equal(t, 201, w.Code)
}

func TestRoutesOptionsAndHead(t *testing.T) {
	f := feed.New(feed.Config{})
	w := httptest.NewRecorder()
	routes(f).ServeHTTP(w, httptest.NewRequest("OPTIONS", "/messages", nil))
	assert.Equal(t, 204, w.Code)
	assert.Equal(t, "GET, HEAD, OPTIONS, POST", w.Header().Get("Allow"))

	w = httptest.NewRecorder()
	routes(f).ServeHTTP(w, httptest.NewRequest("HEAD", "/messages", nil))
	assert.Equal(t, "HEAD", w.Body.String())
}

func TestParseCursor(t *testing.T) {
	f := feed.New(feed.Config{})
	for text, want := range map[string]int64{"0": 0, "7": 7, "007": 7,
		"9223372036854775807": 1<<63 - 1} {
		got, err := After(f, map[string][]string{"after": {text}})
		assert.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", "-1", "+1", "1.5", "x", "9223372036854775808", "1 ", "0x1",
		"@", "1@", "1@x", "@2026-11-23T08:00:00.123Z", "x@2026-11-23T08:00:00.123Z",
		"1@2026-11-23"} {
		_, err := After(f, map[string][]string{"after": {text}})
		assert.ErrorContains(t, err, "after", "%q", text)
	}
	got, err := After(f, nil)
	assert.NoError(t, err)
	assert.Zero(t, got)
}

func publish(t testing.TB, f *feed.Feed, n int) {
	for range n {
		_, err := f.Publish("ann", "hi")
		require.NoError(t, err)
	}
}

// TestCursorOfAnotherLog: the time in a cursor shows that it belongs to another log.
func TestCursorOfAnotherLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := feed.New(feed.Config{})
		publish(t, gone, 3)
		old := Cursor(gone.Since(1)[0].Message)
		require.Equal(t, "2@2000-01-01T00:00:00.000Z", old)
		time.Sleep(time.Second)
		f := feed.New(feed.Config{History: 3})
		parse := func(text string) int64 {
			got, err := ParseCursor(f, "after", text)
			require.NoError(t, err)
			return got
		}
		for range 5 {
			time.Sleep(time.Second)
			publish(t, f, 1)
		}
		assert.EqualValues(t, 0, parse(old), "older than the log")
		assert.EqualValues(t, 5, parse(Cursor(f.Since(4)[0].Message)))
		assert.EqualValues(t, 5, parse("5@2000-01-01T08:00:06+08:00"), "the same moment")
		assert.EqualValues(t, 0, parse("5@2000-01-01T00:00:05.000Z"),
			"message 5 has another time: the clock was set back")
		assert.EqualValues(t, 0, parse("6@2000-01-01T00:00:06.000Z"), "the log has no message 6")
		assert.EqualValues(t, 1, parse("1@2000-01-01T00:00:02.000Z"), "no longer kept")
	})
}
