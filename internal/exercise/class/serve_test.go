package class

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/site"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// serve serves the room until the test ends. The teacher sends "Authorization: Bearer teacher".
func serve(t *testing.T, r *Room) string {
	s := &Server{
		Room: r, URL: "http://room:3333", Files: fstest.MapFS{"class.css": {Data: []byte("p{}")}},
		Teacher: func(r *http.Request) bool {
			return r.Header.Get("Authorization") == "Bearer teacher"
		},
		Site: site.Config{
			Web: fstest.MapFS{"shared/a.css": {}}, Log: slog.New(slog.DiscardHandler),
			Course: []lesson.Lesson{{Name: "talk", Title: lang.Text{EN: "Talk", ZH: "说话"},
				Body: lang.Text{EN: "# Talk", ZH: "# 说话"}}},
		},
	}
	mux := http.NewServeMux()
	require.NoError(t, s.Routes(mux))
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(mux)
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	t.Cleanup(func() {
		cancel()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return server.URL
}

// browser returns a client with cookies.
func browser(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := &http.Client{Jar: jar, Transport: &http.Transport{}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// post returns the status and the body of a POST with JSON.
func post(t *testing.T, c *http.Client, url, key, body string) (int, string) {
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := c.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(answer)
}

func get(t *testing.T, c *http.Client, url, key string) (*http.Response, string) {
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	require.NoError(t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := c.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

// sees reads events until one satisfies.
func sees(t *testing.T, c *http.Client, url, key string, enough func(View) bool) View {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	require.NoError(t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := c.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 200, res.StatusCode)
	assert.Equal(t, "no", res.Header.Get("X-Accel-Buffering"))
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: {")
		if !ok {
			continue
		}
		var v View
		require.NoError(t, json.Unmarshal([]byte("{"+data), &v))
		if enough(v) {
			return v
		}
	}
	t.Fatal("the stream ended")
	return View{}
}

func anyView(View) bool { return true }

// TestAStudentInABrowser joins with a cookie that scripts cannot read, follows and votes.
func TestAStudentInABrowser(t *testing.T) {
	r := newTestRoom()
	url := serve(t, r)
	c := browser(t)
	res, page := get(t, c, url+"/?lang=zh", "")
	assert.Equal(t, Path+"?lang=zh", res.Request.URL.RequestURI())
	assert.Contains(t, page, "加入课堂")
	status, answer := post(t, c, url+Path+"join", "", `{"name":"Ann","code":"abcdef"}`)
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"name":"Ann"}`, answer, "a browser's page never sees the ticket")
	_, page = get(t, c, url+"/", "")
	assert.Contains(t, page, "student.js")
	require.NoError(t, r.Open(colours.ID))
	v := sees(t, c, url+Path+"events", "", anyView)
	assert.Equal(t, "student", v.Role)
	assert.Nil(t, v.Board)
	status, _ = post(t, c, url+Path+"vote", "", `{"question":"q/one","round":1,"option":1}`)
	assert.Equal(t, 204, status)
	status, _ = post(t, c, url+Path+"progress", "", `{"check":{"exercise":"hold","passed":true}}`)
	assert.Equal(t, 204, status)
	v = sees(t, c, url+Path+"events", "", anyView)
	assert.Equal(t, []int{1, -1}, v.Question.Mine)
	assert.Equal(t, exercise.Done, v.Me.States["hold"])
	status, _ = post(t, c, url+Path+"leave", "", `{}`)
	assert.Equal(t, 204, status)
	_, page = get(t, c, url+"/", "")
	assert.Contains(t, page, "join.js")
	assert.Empty(t, r.WatcherView().Board.Students)
}

func TestTheCookieStaysOnTheClassPages(t *testing.T) {
	url := serve(t, newTestRoom())
	res, err := http.Post(url+Path+"join", "application/json",
		strings.NewReader(`{"name":"Ann","code":"abcdef"}`))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Len(t, res.Cookies(), 1)
	cookie := res.Cookies()[0]
	assert.Equal(t, []any{Path, true, http.SameSiteStrictMode},
		[]any{cookie.Path, cookie.HttpOnly, cookie.SameSite})
}

// TestRoles: only the teacher gets the code, the marks and the actions.
func TestRoles(t *testing.T) {
	r := newTestRoom()
	url := serve(t, r)
	ticket := seat(t, r, "Ann")
	c := browser(t)
	for _, key := range []string{"", ticket, "wrong"} {
		for _, path := range []string{"marks.csv", "marks.json"} {
			res, _ := get(t, c, url+Path+path, key)
			assert.Equal(t, 403, res.StatusCode)
		}
		for action := range actions {
			status, _ := post(t, c, url+Path+"teacher/"+action, key, `{"id":1,"on":true}`)
			assert.Equal(t, 403, status, action)
		}
		for _, path := range []string{"", "wall/"} {
			_, page := get(t, c, url+Path+path, key)
			assert.NotContains(t, page, code)
			assert.NotContains(t, page, `id="ask"`)
		}
	}
	v := sees(t, c, url+Path+"events?as=watcher", ticket, anyView)
	assert.Nil(t, v.Teacher)
	assert.Equal(t, code, sees(t, c, url+Path+"events", "teacher", anyView).Teacher.Code)
	_, page := get(t, c, url+Path+"wall/", "teacher")
	assert.Contains(t, page, `id="ask"`)
	_, answer := get(t, c, url+Path+"me", "teacher")
	assert.JSONEq(t, `{"role":"teacher"}`, answer)
	_, plain := get(t, c, url+Path+"qr.svg", "")
	_, coded := get(t, c, url+Path+"qr.svg", "teacher")
	assert.NotEqual(t, plain, coded, "the teacher's code brings the join code")
	status, _ := post(t, c, url+Path+"teacher/remove", "teacher", `{"id":1}`)
	assert.Equal(t, 204, status)
	status, _ = post(t, c, url+Path+"teacher/remove", "teacher", `{"id":1}`)
	assert.Equal(t, 409, status)
	status, _ = post(t, c, url+Path+"teacher/nothing", "teacher", `{}`)
	assert.Equal(t, 404, status)
}

// TestEveryAction runs each of the teacher's actions through its route.
func TestEveryAction(t *testing.T) {
	r := newTestRoom()
	url := serve(t, r)
	seat(t, r, "Ann")
	claimed, err := r.Join(Joining{Name: "Ann", Code: code, Claim: true})
	require.NoError(t, err)
	for _, o := range [][2]string{
		{"rename", `{"id":1,"name":"Anna"}`}, {"groups", `{"groups":2}`},
		{"move", `{"id":1,"group":2}`},
		{"decide", `{"claim":"` + claimed.Claim + `","grant":true}`},
		{"show", `{"demo":"sse"}`}, {"assign", `{"today":["hold"]}`},
		{"push", `{"exercise":"hold"}`}, {"timer", `{"seconds":60}`}, {"anonymous", `{"on":true}`},
		{"open", `{"question":"q/one"}`}, {"advance", `{"phase":"counted"}`}, {"end", `{}`},
		{"close", `{"on":true}`}, {"remove", `{"id":1}`},
	} {
		status, body := post(t, http.DefaultClient, url+Path+"teacher/"+o[0], "teacher", o[1])
		assert.Equal(t, 204, status, "%s: %s", o[0], body)
	}
	v := r.TeacherView()
	assert.Equal(t, []string{"sse", "hold", "hold"},
		[]string{v.Place.Demo, v.Today[0], v.Push.Exercise})
	assert.True(t, v.Closed && v.Board.Anonymous && v.Board.Groups == 2 && v.Timer != nil &&
		len(v.Board.Students) == 0)
}

func TestBadRequests(t *testing.T) {
	url := serve(t, newTestRoom())
	for _, c := range []struct {
		kind, body string
		status     int
	}{
		{"text/plain", `{"name":"Ann"}`, 415}, {"", `{"name":"Ann"}`, 415},
		{"application/json", `{`, 400},
		{"application/json", `{"name":"` + strings.Repeat("x", maxBody) + `"}`, 400},
		{"application/json", `{"name":7}`, 400},
	} {
		res, err := http.Post(url+Path+"join", c.kind, strings.NewReader(c.body))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, c.status, res.StatusCode)
		assert.Contains(t, string(body), `"error"`)
		assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	}
}

// TestOverload: an address opens a bounded number of streams, and the teacher is always served.
func TestOverload(t *testing.T) {
	r := newTestRoom()
	url := serve(t, r)
	c := browser(t)
	for range 100 {
		status, _ := post(t, c, url+Path+"join", "", `{"name":"x","code":"guess"}`)
		require.Equal(t, 403, status)
	}
	status, _ := post(t, c, url+Path+"join", "", `{"name":"x","code":"abcdef"}`)
	assert.Equal(t, 200, status, "students who mistype do not lock out the others")
	for range maxWatchingAddr {
		res, err := c.Get(url + Path + "events")
		require.NoError(t, err)
		require.Equal(t, 200, res.StatusCode)
		t.Cleanup(func() { _ = res.Body.Close() })
	}
	res, _ := get(t, c, url+Path+"events", "")
	assert.Equal(t, 503, res.StatusCode)
	assert.NotEmpty(t, res.Header.Get("Retry-After"))
	sees(t, c, url+Path+"events", "teacher", anyView)

	var l limits
	for range requestBurst {
		assert.True(t, l.mayAsk("192.0.2.1"))
	}
	assert.False(t, l.mayAsk("192.0.2.1"))
	assert.True(t, l.mayAsk("192.0.2.2"))
	for i := range 2 * maxAddrs {
		l.mayAsk(fmt.Sprint(i))
	}
	assert.LessOrEqual(t, len(l.addrs), maxAddrs)
}

func TestALaptopsSeat(t *testing.T) {
	r := newTestRoom()
	url := serve(t, r)
	s := &Seat{Class: url + "/", Code: code, Name: "Ann"}
	require.NoError(t, s.Join(t.Context()))
	require.NoError(t, s.Join(t.Context()), "with the ticket of last time")
	assert.ErrorContains(t, (&Seat{Class: url, Code: code, Name: "ann"}).Join(t.Context()),
		"this name is taken")
	assert.ErrorContains(t, (&Seat{Class: url, Name: "Bob"}).Join(t.Context()), "wrong join code")
	ctx, cancel := contextOf(t)
	assignments := s.Follow(ctx)
	require.NoError(t, r.Push("hold"))
	for a := range assignments {
		if a.Push == "hold" {
			break
		}
	}
	require.NoError(t, s.Report(t.Context(), Progress{Current: "hold"}))
	assert.Equal(t, "hold", r.WatcherView().Board.Students[0].Current)
	cancel()
	for range assignments {
	}
	s.Ticket = "of a class that is gone"
	r.Remove("Ann")
	require.NoError(t, s.Report(t.Context(), Progress{Current: "cursor"}),
		"the seat joins again by itself")
	assert.Equal(t, "cursor", r.WatcherView().Board.Students[0].Current)
	r.Remove("Ann")
	assert.ErrorContains(t, s.Report(t.Context(), Progress{}), "the teacher removed you")
}

// TestAnotherServer: the answer of a server that is not a class reaches the terminal without
// control characters.
func TestAnotherServer(t *testing.T) {
	for _, body := range []string{`{"error":"\u001b]52;c;ZXZpbA==\u0007\u202etaken\r"}`,
		`no JSON`} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				fmt.Fprintf(conn,
					"HTTP/1.1 409 \x1b[2Jtaken\r\nContent-Length: %d\r\n"+
						"Connection: close\r\n\r\n%s", len(body), body)
				assert.NoError(t, conn.Close())
			}
		}))
		err := (&Seat{Class: other.URL, Code: code, Name: "Ann"}).Join(t.Context())
		other.Close()
		require.ErrorContains(t, err, "taken")
		assert.False(t, strings.ContainsFunc(err.Error(), func(r rune) bool {
			return !unicode.IsPrint(r)
		}), "%q", err)
	}
	assert.Len(t, []rune(printable(strings.Repeat("明", 9000))), maxReason+1)
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	defer http.DefaultClient.CloseIdleConnections()
	assert.ErrorIs(t, (&Seat{Class: other.URL, Name: "Ann"}).Join(t.Context()), ErrAway)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	assert.ErrorIs(t, (&Seat{Class: "http://" + closed.Addr().String(), Name: "Ann"}).
		Join(t.Context()), ErrAway)
	assert.ErrorContains(t, (&Seat{Class: "192.168.1.20", Name: "Ann"}).Join(t.Context()),
		"--class wants an address")
}
