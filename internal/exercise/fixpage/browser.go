package fixpage

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/process"
)

// browserTime bounds a check, with the start of the browser.
const browserTime = 2 * time.Minute

// maxResult bounds the page's report, in bytes.
const maxResult = 1 << 20

// Check runs the check of an exercise in a headless browser. The error is a failure of the machine
// or of the exercise. Without a browser on the machine, the report has a problem.
func Check(ctx context.Context, e exercise.Exercise, code string) (exercise.Report, error) {
	browser := findBrowser()
	if browser == "" {
		r, err := NewReport(e)
		r.Problem = exercise.NewProblem(exercise.Toolchain,
			"No Chromium, Chrome or Edge is on this machine. Do the exercise in any browser: run "+
				"lab serve and open /lab/exercise/"+e.Name+".",
			"这台机器上没有 Chromium、Chrome 或 Edge。可以在任何浏览器里做："+
				"运行 lab serve，打开 /lab/exercise/"+e.Name+"。")
		return r, err
	}
	script, err := Script(e)
	if err != nil {
		return exercise.Report{}, err
	}
	result, err := runIn(ctx, browser, map[string]string{"harness": Harness(), "library": Library(),
		"check": script, "code": code})
	if err != nil {
		return exercise.Report{}, fmt.Errorf("%s: %w", browser, err)
	}
	return result.Report(e, code)
}

// findBrowser returns the path of a browser of the Chromium family, or "".
func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome",
		"google-chrome-stable", "chrome", "microsoft-edge", "msedge"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	var places []string
	switch runtime.GOOS {
	case "darwin":
		for _, app := range []string{"Google Chrome", "Chromium", "Microsoft Edge"} {
			places = append(places, "/Applications/"+app+".app/Contents/MacOS/"+app)
		}
	case "windows":
		for _, variable := range []string{"ProgramFiles", "ProgramFiles(x86)", "LocalAppData"} {
			folder := os.Getenv(variable)
			places = append(places, filepath.Join(folder, `Google\Chrome\Application\chrome.exe`),
				filepath.Join(folder, `Microsoft\Edge\Application\msedge.exe`))
		}
	}
	for _, place := range places {
		if _, err := os.Stat(place); err == nil {
			return place
		}
	}
	return ""
}

// outerPage gives the frame its task and reports the result.
var outerPage = template.Must(template.New("page").Parse(`<!doctype html>
<meta charset="utf-8">
<title>Check</title>
<iframe sandbox="allow-scripts" src="frame"></iframe>
<script>
  const task = {{.}};
  const frame = document.querySelector("iframe").contentWindow;
  addEventListener("message", ({ source, data }) => {
    if (source !== frame) return;
    if (data.ready) frame.postMessage(task, "*");
    else if (data.result || data.failed) fetch("result", { method: "POST", body: JSON.stringify(data) });
  });
</script>
`))

// runIn runs a task in a browser, which gets the page from a server on the loopback interface.
func runIn(ctx context.Context, browser string, task map[string]string) (Result, error) {
	profile, err := os.MkdirTemp("", "lab-browser-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(profile)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Result{}, err
	}
	var page strings.Builder
	if err := outerPage.Execute(&page, task); err != nil {
		return Result{}, errors.Join(err, listener.Close())
	}
	secret := "/" + rand.Text() + "/" // other programs on this machine do not know the address
	type report struct {
		Result *Result
		Failed string
	}
	reports := make(chan report, 1)
	mux := http.NewServeMux()
	serve := func(text, policy string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, text)
		}
	}
	mux.HandleFunc("GET "+secret+"{$}", serve(page.String(), "default-src 'self' 'unsafe-inline'"))
	mux.HandleFunc("GET "+secret+"frame", serve(Frame(), Policy))
	mux.HandleFunc("POST "+secret+"result", func(w http.ResponseWriter, r *http.Request) {
		var told report
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxResult)).
			Decode(&told); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case reports <- told:
		default: // only the first counts
		}
	})
	server := httpserver.New(httpserver.Config{Handler: mux,
		Hosts: httpserver.NewHosts(listener.Addr()), Log: slog.New(slog.DiscardHandler)})
	served := make(chan error, 1)
	go func() { served <- server.Serve(server.Track(listener)) }()
	defer func() { // after the browser has ended
		ended, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Close(ended) // the result of the check is already known
		<-served
	}()

	ctx, cancel := context.WithTimeout(ctx, browserTime)
	defer cancel()
	args := []string{"--headless", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-quic", "--user-data-dir=" + profile,
		"http://" + listener.Addr().String() + secret}
	if os.Geteuid() == 0 {
		// Chromium refuses to run as root with its sandbox
		args = append([]string{"--no-sandbox"}, args...)
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	p := process.New(running, browser, args...)
	ended := make(chan error, 1)
	go func() { ended <- p.Run() }()
	select {
	case told := <-reports:
		stop()
		<-ended
		if told.Result == nil {
			return Result{}, errors.New(told.Failed)
		}
		return *told.Result, nil
	case err := <-ended:
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		return Result{}, fmt.Errorf("the browser ended before the check did: %w", err)
	}
}
