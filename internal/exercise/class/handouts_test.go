package class

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/dist"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/site"
)

// TestHandouts: the form to join offers the program for the visitor's system, and /dist/ has all
// files.
func TestHandouts(t *testing.T) {
	folder := t.TempDir()
	const program = "lab-windows-amd64.exe"
	require.NoError(t, os.WriteFile(filepath.Join(folder, program), []byte("MZ"), 0o644))
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("MZ")))
	require.NoError(t, os.WriteFile(filepath.Join(folder, dist.SumsFile),
		[]byte(sum+"  "+program+"\n"), 0o644))
	files, err := dist.New(folder, func(string) error { return nil })
	require.NoError(t, err)
	show := func(files *dist.Handouts, path, agent string) (int, string) {
		s := &Server{
			Room: NewRoom(Config{}), URL: "http://room:3333", Files: fstest.MapFS{},
			Handouts: files,
			Teacher:  func(*http.Request) bool { return false },
			Site: site.Config{
				Web: fstest.MapFS{"shared/a.css": {}}, Log: slog.New(slog.DiscardHandler),
				Course: []lesson.Lesson{{Name: "talk", Title: lang.Text{EN: "Talk", ZH: "说话"},
					Body: lang.Text{EN: "# Talk", ZH: "# 说话"}}},
			},
		}
		mux := http.NewServeMux()
		require.NoError(t, s.Routes(mux))
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("User-Agent", agent)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
	_, page := show(files, Path+"?lang=en", windows)
	assert.Contains(t, page, `<a class="button" href="/dist/">Get lab for Windows (Intel/AMD)</a>`)
	_, page = show(files, Path+"?lang=zh", "Mozilla/5.0 (iPhone; Mobile)")
	assert.Contains(t, page, `<a href="/dist/">电脑用的程序和练习</a>`)
	_, page = show(nil, Path, windows)
	assert.NotContains(t, page, "/dist/", "a class without hand-outs")
	status, page := show(files, "/dist/?lang=zh", windows)
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "你的电脑：Windows")
	assert.Contains(t, page, sum)
	status, page = show(files, "/dist/"+program, windows)
	assert.Equal(t, 200, status)
	assert.Equal(t, "MZ", page)
	status, _ = show(nil, "/dist/", windows)
	assert.Equal(t, 404, status)
}
