package class

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const code = "abcdef"

func newBoard() *Board {
	b := NewBoard([]Column{{Name: "cursor"}, {Name: "hold"}})
	b.code = code
	return b
}

// serve serves the board until the test ends.
func serve(t *testing.T, b *Board) string {
	site := &Site{Board: b, Page: fstest.MapFS{}, Shared: fstest.MapFS{}, URL: "http://room:3333", Key: "teacher"}
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(site.Handler())
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	t.Cleanup(func() {
		cancel()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return server.URL
}

// sees reads the board's events until one satisfies.
func sees(t *testing.T, url string, enough func(Snapshot) bool) Snapshot {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", url+"/api/events", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var shot Snapshot
		require.NoError(t, json.Unmarshal([]byte(data), &shot))
		if enough(shot) {
			return shot
		}
	}
	t.Fatal("the stream ended")
	return Snapshot{}
}

func TestAStudentShowsOnTheBoard(t *testing.T) {
	url := serve(t, newBoard())
	seat := &Seat{Board: url + "/", Code: code, Name: "  小明 \t 二 "}
	require.NoError(t, seat.Join(t.Context()))
	done := make(chan Snapshot)
	go func() {
		done <- sees(t, url, func(s Snapshot) bool { return len(s.Students) == 1 && s.Students[0].Current == "hold" })
	}()
	require.NoError(t, seat.Report(t.Context(), map[string]exercise.State{"cursor": exercise.Done, "no such": exercise.Done, "hold": "nonsense"}, "hold"))
	shot := <-done
	assert.Equal(t, "小明 二", shot.Students[0].Name)
	assert.Equal(t, map[string]exercise.State{"cursor": exercise.Done}, shot.Students[0].States, "what is no exercise or no state is not kept")
	assert.NotContains(t, mustJSON(t, shot), seat.Ticket)
}

func mustJSON(t *testing.T, v any) string {
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

func TestNames(t *testing.T) {
	url := serve(t, newBoard())
	ann := &Seat{Board: url, Code: code, Name: "Ann"}
	require.NoError(t, ann.Join(t.Context()))
	require.NoError(t, ann.Join(t.Context()), "with the ticket of last time")
	assert.ErrorContains(t, (&Seat{Board: url, Code: code, Name: "ann"}).Join(t.Context()), "this name is taken")
	assert.ErrorContains(t, (&Seat{Board: url, Code: code, Name: "ANN", Ticket: "guessed"}).Join(t.Context()), "this name is taken")
	for _, name := range []string{"", "   ", strings.Repeat("x", MaxName+1), "a\x07b", "\u202eevil", "a\u200bb"} {
		assert.ErrorContains(t, (&Seat{Board: url, Code: code, Name: name}).Join(t.Context()), "a name has", "%q", name)
	}
	require.NoError(t, (&Seat{Board: url, Code: code, Name: strings.Repeat("明", MaxName)}).Join(t.Context()))
}

// post returns the status and the body of a POST with JSON.
func post(t *testing.T, url, key, body string) (int, string) {
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("X-Lab-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(answer)
}

// TestStrangers: without the code nobody joins, so nobody fills the board; only the teacher learns the code from the board.
func TestStrangers(t *testing.T) {
	b := newBoard()
	url := serve(t, b)
	for i := range 300 {
		_, err := b.Join(fmt.Sprint("stranger ", i), "", fmt.Sprint(i))
		require.ErrorIs(t, err, ErrCode)
	}
	shot, _ := b.Snapshot()
	assert.Empty(t, shot.Students)
	assert.ErrorContains(t, (&Seat{Board: url, Name: "Ann"}).Join(t.Context()), "add --code CODE")
	require.NoError(t, (&Seat{Board: url, Code: " ABCDEF ", Name: "Ann"}).Join(t.Context()), "as people type it")
	for key, want := range map[string]string{"": `{"url":"http://room:3333"}`, "wrong": `{"url":"http://room:3333"}`, "teacher": `{"code":"abcdef","url":"http://room:3333"}`} {
		res, err := http.Get(url + "/api/info?key=" + key)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.JSONEq(t, want, string(body))
	}
	one, two := NewBoard(nil).Code(), NewBoard(nil).Code()
	assert.Regexp(t, "^[a-z]{6}$", one)
	assert.NotEqual(t, one, two)
}

func TestRemove(t *testing.T) {
	b := newBoard()
	url := serve(t, b)
	ann := &Seat{Board: url, Code: code, Name: "Ann"}
	require.NoError(t, ann.Join(t.Context()))
	for _, name := range []string{"x1", "x2", "x*"} {
		_, err := b.Join(name, "", code)
		require.NoError(t, err)
	}
	for _, key := range []string{"", "wrong"} {
		status, _ := post(t, url+"/api/remove", key, `{"name":"Ann"}`)
		assert.Equal(t, 403, status)
	}
	status, _ := post(t, url+"/api/remove", "teacher", `{"name":"Bob"}`)
	assert.Equal(t, 404, status)
	status, body := post(t, url+"/api/remove", "teacher", `{"name":" ANN "}`)
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"removed":["Ann"]}`, body)
	assert.ErrorContains(t, ann.Report(t.Context(), nil, "cursor"), "the teacher removed you", "the program does not join again by itself")
	require.NoError(t, (&Seat{Board: url, Code: code, Name: "ann"}).Join(t.Context()), "the name is free")
	assert.Equal(t, []string{"x*"}, b.Remove("x*"), "a name before a pattern")
	assert.Equal(t, []string{"x1", "x2"}, b.Remove("X*"))
	assert.Empty(t, b.Remove("[bad"))
	shot, _ := b.Snapshot()
	require.Len(t, shot.Students, 1)
	assert.Equal(t, "ann", shot.Students[0].Name)
}

// TestViewers: others cannot keep the teacher's page from the board.
func TestViewers(t *testing.T) {
	url := serve(t, newBoard())
	for range maxViewers {
		res, err := http.Get(url + "/api/events")
		require.NoError(t, err)
		require.Equal(t, 200, res.StatusCode)
		t.Cleanup(func() { _ = res.Body.Close() })
	}
	for key, want := range map[string]int{"": 503, "teacher": 200} {
		res, err := http.Get(url + "/api/events?key=" + key)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, want, res.StatusCode)
	}
}

// TestABoardsWords: what a board says reaches the student's terminal without control characters.
func TestABoardsWords(t *testing.T) {
	for _, body := range []string{`{"error":"\u001b]52;c;ZXZpbA==\u0007\u202etaken\r"}`, `no JSON`} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				fmt.Fprintf(conn, "HTTP/1.1 409 \x1b[2Jtaken\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
				assert.NoError(t, conn.Close())
			}
		}))
		err := (&Seat{Board: other.URL, Code: code, Name: "Ann"}).Join(t.Context())
		other.Close()
		require.ErrorContains(t, err, "taken")
		assert.False(t, strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }), "%q", err)
	}
	assert.Len(t, []rune(printable(strings.Repeat("明", 9000))), maxReason+1)
}

func TestFull(t *testing.T) {
	b := newBoard()
	for i := range MaxStudents {
		_, err := b.Join("student "+string(rune('a'+i/26))+string(rune('a'+i%26)), "", code)
		require.NoError(t, err)
	}
	_, err := b.Join("one more", "", code)
	assert.ErrorIs(t, err, ErrFull)
}

func TestABoardThatWasStartedAnew(t *testing.T) {
	url := serve(t, newBoard())
	seat := &Seat{Board: url, Code: code, Name: "Ann", Ticket: "of a board that is gone"}
	require.NoError(t, seat.Report(t.Context(), nil, "cursor"), "the seat joins again by itself")
	assert.NotEqual(t, "of a board that is gone", seat.Ticket)
	sees(t, url, func(s Snapshot) bool { return len(s.Students) == 1 && s.Students[0].Current == "cursor" })
}

func TestWhatIsNoBoard(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	defer http.DefaultClient.CloseIdleConnections()
	assert.ErrorIs(t, (&Seat{Board: other.URL, Code: code, Name: "Ann"}).Join(t.Context()), ErrAway)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	assert.ErrorIs(t, (&Seat{Board: "http://" + closed.Addr().String(), Code: code, Name: "Ann"}).Join(t.Context()), ErrAway)
	assert.ErrorContains(t, (&Seat{Board: "192.168.1.20", Code: code, Name: "Ann"}).Join(t.Context()), "--class wants an address")
}

func TestBadRequests(t *testing.T) {
	url := serve(t, newBoard())
	for _, c := range []struct {
		kind, body string
		status     int
	}{
		{"text/plain", `{"name":"Ann"}`, 415},
		{"", `{"name":"Ann"}`, 415},
		{"application/json", `{`, 400},
		{"application/json", `{"name":"` + strings.Repeat("x", maxBody) + `"}`, 400},
		{"application/json", `{"name":7}`, 400},
	} {
		res, err := http.Post(url+"/api/join", c.kind, strings.NewReader(c.body))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, c.status, res.StatusCode)
		assert.Contains(t, string(body), `"error"`)
		assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	}
}

func TestTable(t *testing.T) {
	b := newBoard()
	ticket, err := b.Join(`=HYPERLINK("x")`, "", code)
	require.NoError(t, err)
	require.NoError(t, b.Report(ticket, map[string]exercise.State{"hold": exercise.Done}, "cursor"))
	res, err := http.Get(serve(t, b) + "/api/board.csv")
	require.NoError(t, err)
	defer res.Body.Close()
	rows, err := csv.NewReader(res.Body).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"name", "solved", "current", "seen", "cursor", "hold"}, rows[0])
	assert.Equal(t, `'=HYPERLINK("x")`, rows[1][0], "a spreadsheet must not run it")
	assert.Equal(t, []string{"1", "cursor"}, rows[1][1:3])
	assert.Equal(t, []string{"new", "done"}, rows[1][4:])
}

func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "board.json")
	b := newBoard()
	require.NoError(t, b.Load(path), "nothing is there yet")
	ticket, err := b.Join("Ann", "", code)
	require.NoError(t, err)
	require.NoError(t, b.Report(ticket, map[string]exercise.State{"hold": exercise.Done}, "cursor"))
	require.NoError(t, b.Save(path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&0o077, "it holds tickets")

	again := newBoard()
	require.NoError(t, again.Load(path))
	shot, _ := again.Snapshot()
	assert.Equal(t, exercise.Done, shot.Students[0].States["hold"])
	_, err = again.Join("Ann", ticket, "")
	assert.NoError(t, err)
	assert.Equal(t, code, again.Code(), "the students' commands still work")

	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	assert.ErrorContains(t, newBoard().Load(path), "is no board of a class")
}

func TestTheCode(t *testing.T) {
	res, err := http.Get(serve(t, newBoard()) + "/api/qr.svg")
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, "image/svg+xml", res.Header.Get("Content-Type"))
	assert.Contains(t, string(body), "<path")
}
