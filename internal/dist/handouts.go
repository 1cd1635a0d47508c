package dist

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Path is the path of the hand-outs on a server: mount Handouts.Handler there.
const Path = "/dist/"

// ExercisesFile is the name of the zip with the exercises.
const ExercisesFile = "exercises.zip"

// A File is one file that a class downloads.
type File struct {
	Name   string `json:"name"`
	Target        // the system of a binary; empty for the exercises
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // in hex

	path string // of a binary
}

// Href returns the path of the download.
func (f File) Href() string { return Path + f.Name }

// Megabytes returns the size for a reader.
func (f File) Megabytes() string { return fmt.Sprintf("%.1f MB", float64(f.Size)/1e6) }

// Handouts holds the files that a class gets from the teacher's lab: the program for each system,
// and the exercises. Several goroutines may use it at the same time.
type Handouts struct {
	binaries  []File
	exercises File
	zip       []byte
	since     time.Time
}

// New returns the hand-outs with the binaries in the folder dir, as Build wrote them. write writes
// the exercises into an empty folder. The error names a binary that is missing, or that is not the
// one in SumsFile.
func New(dir string, write func(folder string) error) (*Handouts, error) {
	h := &Handouts{since: time.Now()}
	data, err := os.ReadFile(filepath.Join(dir, SumsFile))
	if err != nil {
		return nil, fmt.Errorf("%w: run make dist, and name its folder", err)
	}
	for line := range strings.Lines(string(data)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		target, known := ofFile(name)
		if !known {
			continue
		}
		f := File{Name: name, Target: target, path: filepath.Join(dir, name)}
		if f.Size, f.SHA256, err = measure(f.path); err != nil {
			return nil, err
		}
		if f.SHA256 != sum {
			return nil, fmt.Errorf(
				"%s does not have the checksum that is in %s: run make dist again", f.path,
				SumsFile)
		}
		h.binaries = append(h.binaries, f)
	}
	if len(h.binaries) == 0 {
		return nil, fmt.Errorf("%s names no binary of the lab: run make dist",
			filepath.Join(dir, SumsFile))
	}
	if h.zip, err = exercises(write); err != nil {
		return nil, fmt.Errorf("pack the exercises: %w", err)
	}
	h.exercises = File{Name: ExercisesFile, Size: int64(len(h.zip)),
		SHA256: fmt.Sprintf("%x", sha256.Sum256(h.zip))}
	return h, nil
}

// measure returns the size and the checksum of a file.
func measure(path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, f)
	return size, fmt.Sprintf("%x", hash.Sum(nil)), err
}

func exercises(write func(folder string) error) (packed []byte, err error) {
	dir, err := os.MkdirTemp("", "lab-handouts-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := write(dir); err != nil {
		return nil, err
	}
	return Zip(os.DirFS(dir), "lab-exercises")
}

// Files lists all hand-outs: the binaries first, then the exercises.
func (h *Handouts) Files() []File {
	return append(h.binaries[:len(h.binaries):len(h.binaries)], h.exercises)
}

// For returns the binary for the system of the request's browser, if it is known.
func (h *Handouts) For(r *http.Request) (File, bool) {
	target, ok := Guess(r.UserAgent())
	if !ok {
		return File{}, false
	}
	for _, f := range h.binaries {
		if f.Target == target {
			return f, true
		}
	}
	return File{}, false
}

// stallTime bounds one write of a download. A whole class downloads at once over one network, so
// the whole download has no bound.
const stallTime = 30 * time.Second

// patient is a ResponseWriter that extends the write deadline with each write.
type patient struct{ http.ResponseWriter }

func (p patient) Write(b []byte) (int, error) {
	deadline := time.Now().Add(stallTime)
	if err := http.NewResponseController(p.ResponseWriter).SetWriteDeadline(deadline); err != nil &&
		!errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}

// serveFile serves a hand-out, or the part of it that the request asks for.
func (h *Handouts) serveFile(w http.ResponseWriter, r *http.Request) {
	for _, f := range h.Files() {
		if f.Name != r.PathValue("name") {
			continue
		}
		w.Header().Set("ETag", `"`+f.SHA256+`"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
		w.Header().Set("Cache-Control", "no-cache")
		var content io.ReadSeeker = strings.NewReader(string(h.zip))
		if f.path != "" {
			file, err := os.Open(f.path)
			if errors.Is(err, fs.ErrNotExist) {
				http.Error(w, "This file is no longer in the teacher's folder.",
					http.StatusNotFound)
				return
			}
			if err != nil {
				http.Error(w, "This file cannot be read.", http.StatusInternalServerError)
				return
			}
			defer file.Close()
			content = file
		}
		http.ServeContent(patient{w}, r, "", h.since, content)
		return
	}
	http.Error(w, "No such file. The list is at "+Path, http.StatusNotFound)
}

// serveSums serves the checksums in the format of sha256sum.
func (h *Handouts) serveSums(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, f := range h.Files() {
		fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.Name)
	}
}
