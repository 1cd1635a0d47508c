package dist

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

// folder returns a folder as Build writes it, with short files as binaries.
func folder(t *testing.T) string {
	dir := t.TempDir()
	var sums string
	for _, target := range Targets {
		data := []byte("program for " + target.File())
		require.NoError(t, os.WriteFile(filepath.Join(dir, target.File()), data, 0o644))
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(data), target.File())
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, SumsFile), []byte(sums), 0o644))
	return dir
}

// twoFiles writes two exercises.
func twoFiles(folder string) error {
	if err := os.Mkdir(filepath.Join(folder, "a"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "a", "b.go"), []byte("package a\n"), 0o600)
}

func handouts(t *testing.T) http.Handler {
	h, err := New(folder(t), twoFiles)
	require.NoError(t, err)
	return h.Handler(func(r *http.Request) lang.Lang {
		return lang.Lang(r.URL.Query().Get("lang"))
	})
}

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(data)
}

func TestThePageOffersTheVisitorsProgram(t *testing.T) {
	h := handouts(t)
	const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
	page := body(t, get(t, h, "http://room:3333/dist/?lang=en", "User-Agent", windows))
	assert.Contains(t, page, "Your computer: Windows (Intel/AMD)")
	assert.Contains(t, page, "curl.exe -o lab.exe http://room:3333/dist/lab-windows-amd64.exe")
	for _, target := range Targets {
		sum := sha256.Sum256([]byte("program for " + target.File()))
		assert.Contains(t, page, fmt.Sprintf("<code>%x</code>", sum),
			"all are listed with their checksums")
	}
	page = body(t, get(t, h, "/dist/?lang=zh", "User-Agent",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"))
	assert.Contains(t, page, "你的电脑：macOS (Apple silicon)")
	assert.Contains(t, page, "chmod +x lab")
	page = body(t, get(t, h, "/dist/", "User-Agent",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)"))
	assert.NotContains(t, page, "Your computer")
	assert.Contains(t, page, "lab-linux-arm64")
}

func TestDownloads(t *testing.T) {
	h := handouts(t)
	var files []File
	require.NoError(t, json.NewDecoder(get(t, h, "/dist/index.json").Body).Decode(&files))
	require.Len(t, files, len(Targets)+1)
	var sums string
	for _, f := range files {
		res := get(t, h, f.Href())
		data := body(t, res)
		assert.Equal(t, 200, res.StatusCode, f.Name)
		assert.Equal(t, f.SHA256, fmt.Sprintf("%x", sha256.Sum256([]byte(data))))
		assert.EqualValues(t, f.Size, len(data))
		assert.Contains(t, res.Header.Get("Content-Disposition"), f.Name)
		sums += f.SHA256 + "  " + f.Name + "\n"
	}
	assert.Equal(t, sums, body(t, get(t, h, "/dist/SHA256SUMS")))

	res := get(t, h, "/dist/lab-linux-amd64", "Range", "bytes=8-10")
	assert.Equal(t, 206, res.StatusCode, "a download that broke off goes on")
	assert.Equal(t, "for", body(t, res))
	for _, path := range []string{"/dist/lab-plan9-amd64", "/dist/..%2fsecret", "/dist/make"} {
		assert.Equal(t, 404, get(t, h, path).StatusCode, path)
	}
}

func TestTheExercisesAreOneFolder(t *testing.T) {
	h := handouts(t)
	data := body(t, get(t, h, "/dist/exercises.zip"))
	assert.Equal(t, data, body(t, get(t, handouts(t), "/dist/exercises.zip")),
		"the same bytes each time")
	r, err := zip.NewReader(bytes.NewReader([]byte(data)), int64(len(data)))
	require.NoError(t, err)
	require.Len(t, r.File, 1)
	assert.Equal(t, "lab-exercises/a/b.go", r.File[0].Name)
	assert.EqualValues(t, 0o644, r.File[0].Mode().Perm())
}

func TestZipIsReproducible(t *testing.T) {
	one, err := Zip(fstest.MapFS{"b": {Data: []byte("2")}, "a/c": {Data: []byte("1"), Mode: 0o600}},
		"f")
	require.NoError(t, err)
	two, err := Zip(fstest.MapFS{"a/c": {Data: []byte("1"), Mode: 0o644},
		"b": {Data: []byte("2"), ModTime: packedAt.AddDate(9, 0, 0)}}, "f")
	require.NoError(t, err)
	assert.Equal(t, one, two)
}

func TestAFolderThatIsWrong(t *testing.T) {
	for want, spoil := range map[string]func(dir string) error{
		"run make dist": func(dir string) error {
			return os.Remove(filepath.Join(dir, SumsFile))
		},
		"names no binary": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, SumsFile), []byte("x  y\n"), 0o644)
		},
		"does not have the": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "lab-linux-amd64"), nil, 0o644)
		},
		"lab-windows-amd64.exe: no": func(dir string) error {
			return os.Remove(filepath.Join(dir, "lab-windows-amd64.exe"))
		},
	} {
		dir := folder(t)
		require.NoError(t, spoil(dir))
		_, err := New(dir, twoFiles)
		assert.ErrorContains(t, err, want)
	}
	_, err := New(folder(t), func(string) error { return os.ErrPermission })
	assert.ErrorIs(t, err, os.ErrPermission)
}
