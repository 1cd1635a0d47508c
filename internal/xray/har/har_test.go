package har_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/har"
	"realtimelab/lessons"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A schema states what HAR 1.2 says of a value: its kind, and of an object its fields. A field
// whose name ends in ? may be left out.
type schema struct {
	kind   string // object, array, string, number, boolean, time
	fields map[string]schema
	of     *schema // the elements of an array
}

func object(fields map[string]schema) schema { return schema{kind: "object", fields: fields} }
func list(of schema) schema                  { return schema{kind: "array", of: &of} }

var (
	str, num, yes = schema{kind: "string"}, schema{kind: "number"}, schema{kind: "boolean"}

	named   = object(map[string]schema{"name": str, "value": str, "comment?": str})
	cookies = list(object(map[string]schema{
		"name": str, "value": str, "path?": str, "domain?": str, "expires?": {kind: "time"},
		"httpOnly?": yes, "secure?": yes, "comment?": str,
	}))
	cached = object(map[string]schema{"expires?": {kind: "time"}, "lastAccess": {kind: "time"},
		"eTag": str, "hitCount": num, "comment?": str})

	// archive is http://www.softwareishard.com/blog/har-12-spec/.
	archive = object(map[string]schema{"log": object(map[string]schema{
		"version": str, "comment?": str,
		"creator":  object(map[string]schema{"name": str, "version": str, "comment?": str}),
		"browser?": object(map[string]schema{"name": str, "version": str, "comment?": str}),
		"pages?": list(object(map[string]schema{"startedDateTime": {kind: "time"}, "id": str,
			"title": str, "pageTimings": object(nil)})),
		"entries": list(object(map[string]schema{
			"pageref?": str, "startedDateTime": {kind: "time"}, "time": num,
			"serverIPAddress?": str, "connection?": str, "comment?": str,
			"request": object(map[string]schema{
				"method": str, "url": str, "httpVersion": str, "cookies": cookies,
				"headers": list(named), "queryString": list(named),
				"postData?": object(map[string]schema{"mimeType": str, "params": list(named),
					"text": str, "comment?": str}),
				"headersSize": num, "bodySize": num, "comment?": str,
			}),
			"response": object(map[string]schema{
				"status": num, "statusText": str, "httpVersion": str, "cookies": cookies,
				"headers": list(named), "redirectURL": str,
				"content": object(map[string]schema{
					"size": num, "compression?": num, "mimeType": str, "text?": str,
					"encoding?": str, "comment?": str,
				}),
				"headersSize": num, "bodySize": num, "comment?": str,
			}),
			"cache": object(map[string]schema{"beforeRequest?": cached, "afterRequest?": cached,
				"comment?": str}),
			"timings": object(map[string]schema{
				"blocked?": num, "dns?": num, "connect?": num, "send": num, "wait": num,
				"receive": num, "ssl?": num, "comment?": str,
			}),
		})),
	})})
)

// check checks a value against a schema and returns the violations. Fields whose names begin with
// an underscore are a program's own.
func (s schema) check(at string, value any) (faults []string) {
	fault := func(format string, args ...any) {
		faults = append(faults, at+": "+fmt.Sprintf(format, args...))
	}
	switch v := value.(type) {
	case map[string]any:
		if s.kind != "object" {
			fault("an object, not a %s", s.kind)
			break
		}
		for name, of := range s.fields {
			plain := strings.TrimSuffix(name, "?")
			if inner, ok := v[plain]; ok {
				faults = append(faults, of.check(at+"."+plain, inner)...)
			} else if plain == name {
				fault("lacks %s", name)
			}
		}
		for name := range v {
			_, required := s.fields[name]
			_, optional := s.fields[name+"?"]
			if !required && !optional && !strings.HasPrefix(name, "_") {
				fault("has %s, which HAR does not know", name)
			}
		}
	case []any:
		if s.kind != "array" {
			fault("an array, not a %s", s.kind)
			break
		}
		for i, inner := range v {
			faults = append(faults, s.of.check(fmt.Sprintf("%s[%d]", at, i), inner)...)
		}
	case string:
		_, err := time.Parse(time.RFC3339Nano, v)
		if s.kind != "string" && (s.kind != "time" || err != nil) {
			fault("%q is no %s", v, s.kind)
		}
	case float64:
		if s.kind != "number" {
			fault("a number, not a %s", s.kind)
		}
	case bool:
		if s.kind != "boolean" {
			fault("a boolean, not a %s", s.kind)
		}
	default:
		fault("%v is no %s", value, s.kind)
	}
	return faults
}

// archived is an archive as a reader parses it.
type archived struct {
	Log struct {
		Version string
		Entries []archivedEntry
	}
}

type archivedEntry struct {
	Time     float64
	Comment  string
	Started  time.Time `json:"startedDateTime"`
	Timings  map[string]float64
	Type     string `json:"_resourceType"`
	Messages []struct {
		Type, Data string
		Opcode     int
		Time       float64
	} `json:"_webSocketMessages"`
	Request struct {
		Method, URL string
		HTTPVersion string
		BodySize    int
		HeadersSize int
		PostData    *struct{ MimeType, Text string }
		Cookies     []struct{ Name, Value string }
		QueryString []struct{ Name, Value string }
	}
	Response struct {
		Status  int
		Cookies []struct{ Name, Value string }
		Content struct {
			Size, Compression        int
			MimeType, Text, Encoding string
		}
		BodySize    int
		RedirectURL string
	}
}

// read writes an archive of all rows, checks it against the schema and parses it.
func read(t *testing.T, x *xray.Xray) []archivedEntry {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	rows, err := x.Rows(ctx)
	require.NoError(t, err)
	var file bytes.Buffer
	_, err = har.Write(&file, rows, nil, "http")
	require.NoError(t, err)
	var value any
	require.NoError(t, json.Unmarshal(file.Bytes(), &value))
	assert.Empty(t, archive.check("har", value))
	var parsed archived
	require.NoError(t, json.Unmarshal(file.Bytes(), &parsed))
	assert.Equal(t, "1.2", parsed.Log.Version)
	for i, e := range parsed.Log.Entries {
		sum := 0.0
		for name, ms := range e.Timings {
			require.GreaterOrEqual(t, ms, -1.0, name)
			sum += math.Max(ms, 0)
		}
		assert.InDelta(t, e.Time, sum, 0.002, "the time is the sum of the timings")
		if i > 0 {
			assert.False(t, e.Started.Before(parsed.Log.Entries[i-1].Started),
				"entries are in order")
		}
	}
	return parsed.Log.Entries
}

// serve serves a handler with an x-ray.
func serve(t *testing.T, handler http.Handler) (url string, x *xray.Xray) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	wire := tap.New(tap.Config{})
	x = xray.New(wire, xray.Config{})
	server := &httptest.Server{Listener: wire.Listener(l), Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		x.Close()
	})
	return "http://" + l.Addr().String(), x
}

// demo serves a demo of the lessons.
func demo(t *testing.T, name string) (url string, x *xray.Xray) {
	_, d, ok := lesson.FindDemo(lessons.All(), name)
	require.True(t, ok)
	running, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	url, x = serve(t, running.Handler)
	t.Cleanup(func() { require.NoError(t, running.Close(context.Background())) })
	return url, x
}

func ask(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return string(all)
}

func TestPollingDemo(t *testing.T) {
	url, x := demo(t, "short-polling")
	posted := ask(t, "POST", url+"/messages", `{"from":"ann","text":"你好"}`)
	news := ask(t, "GET", url+"/messages?after=0&a%20b=c+d", "")
	entries := read(t, x)
	require.Len(t, entries, 2)
	post, get := entries[0], entries[1]
	assert.Equal(t, url+"/messages", post.Request.URL)
	assert.Equal(t, `{"from":"ann","text":"你好"}`, post.Request.PostData.Text)
	assert.Equal(t, "application/json", post.Request.PostData.MimeType)
	assert.Equal(t, len(post.Request.PostData.Text), post.Request.BodySize)
	assert.Equal(t, 201, post.Response.Status)
	assert.Equal(t, posted, post.Response.Content.Text)
	assert.Nil(t, get.Request.PostData)
	assert.Equal(t, []struct{ Name, Value string }{{"after", "0"}, {"a b", "c d"}},
		get.Request.QueryString)
	assert.Equal(t, news, get.Response.Content.Text)
	assert.Equal(t, len(news), get.Response.Content.Size)
}

func TestWebSocketDemo(t *testing.T) {
	url, x := demo(t, "ws-echo")
	dialer := websocket.Dialer{EnableCompression: true}
	conn, _, err := dialer.DialContext(t.Context(),
		"ws"+strings.TrimPrefix(url, "http")+"/ws?client=page-1", http.Header{"Origin": {url}})
	require.NoError(t, err)
	defer conn.Close()
	before := float64(time.Now().Add(-time.Minute).Unix())
	for _, m := range []struct {
		kind int
		data string
	}{{websocket.TextMessage, "你好"}, {websocket.BinaryMessage, "\x00\xff"},
		{websocket.TextMessage, ""}} {
		require.NoError(t, conn.WriteMessage(m.kind, []byte(m.data)))
		_, echo, err := conn.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, m.data, string(echo))
	}
	entries := read(t, x)
	require.Len(t, entries, 1)
	e := entries[0]
	assert.Equal(t, "ws"+strings.TrimPrefix(url, "http")+"/ws?client=page-1", e.Request.URL)
	assert.Equal(t, 101, e.Response.Status)
	assert.Equal(t, "websocket", e.Type)
	var said []string
	for _, m := range e.Messages {
		assert.Greater(t, m.Time, before, "seconds since 1970")
		said = append(said, fmt.Sprintf("%s %d %s", m.Type, m.Opcode, m.Data))
	}
	binary := base64.StdEncoding.EncodeToString([]byte("\x00\xff"))
	assert.Equal(t, []string{"send 1 你好", "receive 1 你好", "send 2 " + binary,
		"receive 2 " + binary, "send 1 ", "receive 1 "}, said)
}

// Socket.IO's WebSocket messages are in the archive as packets.
func TestSocketIODemo(t *testing.T) {
	url, x := demo(t, "broadcast")
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(),
		"ws"+strings.TrimPrefix(url, "http")+"/socket.io/?EIO=4&transport=websocket",
		http.Header{"Origin": {url}})
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("40")))
	for range 2 {
		_, _, err := conn.ReadMessage()
		require.NoError(t, err)
	}
	messages := read(t, x)[0].Messages
	require.GreaterOrEqual(t, len(messages), 3)
	assert.Equal(t, `0{"sid":`, messages[0].Data[:8])
	assert.Equal(t, "40", messages[1].Data)
	assert.Equal(t, `40{"sid":`, messages[2].Data[:9])
}

// An unfinished response is in the archive as far as it arrived, without its chunks' sizes; a
// request without a response says so.
func TestUnfinishedExchanges(t *testing.T) {
	release := make(chan struct{})
	url, x := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stream" {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			io.WriteString(w, "one\n")
			http.NewResponseController(w).Flush()
			io.WriteString(w, "two\n")
			http.NewResponseController(w).Flush()
		}
		<-release
	}))
	defer close(release)
	stream, err := http.NewRequestWithContext(t.Context(), "GET", url+"/stream", nil)
	require.NoError(t, err)
	res, err := http.DefaultTransport.RoundTrip(stream)
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.ReadFull(res.Body, make([]byte, 8))
	require.NoError(t, err)
	held, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer held.Close()
	_, err = io.WriteString(held, "GET /held HTTP/1.1\r\nHost: x\r\nCookie: c=d\r\n\r\n")
	require.NoError(t, err)
	var entries []archivedEntry
	require.Eventually(t, func() bool {
		entries = read(t, x)
		return len(entries) == 2
	}, 10*time.Second, 10*time.Millisecond)
	assert.Equal(t, "one\ntwo\n", entries[0].Response.Content.Text)
	assert.Equal(t, 8, entries[0].Response.Content.Size)
	assert.Equal(t, "a", entries[0].Response.Cookies[0].Name)
	assert.Equal(t, "http://x/held", entries[1].Request.URL)
	assert.Equal(t, "c", entries[1].Request.Cookies[0].Name)
	assert.Zero(t, entries[1].Response.Status)
	assert.NotEmpty(t, entries[1].Comment)
}

func TestHTTP2(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	server := &http.Server{Protocols: &http.Protocols{},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusAccepted)
			io.WriteString(w, "one ")
			w.(http.Flusher).Flush()
			w.Write(body)
		})}
	server.Protocols.SetUnencryptedHTTP2(true)
	served := make(chan error, 1)
	go func() { served <- server.Serve(wire.Listener(l)) }()
	transport := &http.Transport{Protocols: server.Protocols}
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		<-served
		x.Close()
	})
	url := "http://" + l.Addr().String()
	for _, body := range []string{"two", "three"} {
		res, err := client.Post(url+"/x?y=z", "text/plain", strings.NewReader(body))
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		res.Body.Close()
	}
	entries := read(t, x)
	require.Len(t, entries, 2)
	for i, body := range []string{"two", "three"} {
		e := entries[i]
		assert.Equal(t, "HTTP/2", e.Request.HTTPVersion)
		assert.Equal(t, "POST", e.Request.Method)
		assert.Equal(t, url+"/x?y=z", e.Request.URL)
		assert.Equal(t, body, e.Request.PostData.Text)
		assert.Equal(t, 202, e.Response.Status)
		assert.Equal(t, "one "+body, e.Response.Content.Text)
		assert.Equal(t, "text/plain", e.Response.Content.MimeType)
		assert.Equal(t, "a", e.Response.Cookies[0].Name)
		assert.Positive(t, e.Request.HeadersSize)
	}
	assert.Less(t, entries[1].Request.HeadersSize, entries[0].Request.HeadersSize,
		"on the wire: HPACK refers to the first head")
}

func TestTheSchemaFindsFaults(t *testing.T) {
	for _, broken := range []string{
		`{}`, `{"log":{"version":"1.2","creator":{"name":"a","version":"b"}}}`,
		`{"log":{"version":1,"creator":{"name":"a","version":"b"},"entries":[]}}`,
		`{"log":{"version":"1.2","creator":{"name":"a","version":"b"},"entries":[{}]}}`,
		`{"log":{"version":"1.2","creator":{"name":"a","version":"b"},"entries":[],"more":1}}`,
	} {
		var value any
		require.NoError(t, json.Unmarshal([]byte(broken), &value))
		assert.NotEmpty(t, archive.check("har", value), broken)
	}
}
