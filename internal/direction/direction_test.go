// Package direction tests the rules on imports, and other rules on the source.
package direction

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "realtimelab/"

// knownBreaches lists imports that break a rule and must be removed. An entry without its import
// fails the test, so the list only shrinks.
var knownBreaches = map[string][]string{}

// imports returns the imports of each package of the module outside its tests.
func imports(t *testing.T) map[string][]string {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`,
		module+"...").Output()
	require.NoError(t, err)
	all := map[string][]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(strings.ReplaceAll(lines.Text(), module, ""))
		all[fields[0]] = fields[1:]
	}
	return all
}

func within(path string, folders ...string) bool {
	for _, folder := range folders {
		if path == folder || strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	return false
}

func TestDirection(t *testing.T) {
	all := imports(t)
	require.Contains(t, all, "lessons/socketio/sio")
	require.Contains(t, all, "lessons/socketio/sioredis")
	for pkg, imported := range all {
		known := map[string]bool{}
		for _, path := range knownBreaches[pkg] {
			known[path] = true
		}
		for _, path := range imported {
			if known[path] {
				assert.NotEmpty(t, breach(pkg, path),
					"%s may import %s: take it off the list of known breaches", pkg, path)
				delete(known, path)
				continue
			}
			assert.Empty(t, breach(pkg, path), "%s imports %s", pkg, path)
		}
		for path := range known {
			assert.Fail(t, "a known breach is gone",
				"%s no longer imports %s: take it off the list", pkg, path)
		}
	}
	for pkg := range knownBreaches {
		assert.Contains(t, all, pkg,
			"a known breach of a package that is gone: take it off the list")
	}
}

const (
	eiopacket = "lessons/socketio/eiopacket"
	siopacket = "lessons/socketio/siopacket"
	event     = "lessons/socketio/event"
	engineio  = "lessons/socketio/engineio"
	internals = "lessons/socketio/internal"
	sio       = "lessons/socketio/sio"
	frame     = "lessons/websocket/frame"
	webClient = "web/client"
)

var codecs = []string{eiopacket, siopacket, frame}

// a rule lists the imports from this module that a package and the packages below it may have.
type rule struct {
	pkg  string
	may  []string // folders
	says string
}

// rules of packages with few allowed imports. The first rule that matches a package applies.
var rules = []rule{
	{eiopacket, nil, "a codec imports nothing of the module"},
	{siopacket, nil, "a codec imports nothing of the module"},
	{frame, nil, "a codec imports nothing of the module"},
	{internals, nil, "what engineio and sio have in common knows nothing of them"},
	{engineio, []string{eiopacket, "lessons/socketio/cors", internals, "internal/tasks"},
		"engineio builds on eiopacket and its own small packages"},
	{event, []string{siopacket, "internal/loglimit"}, "event builds on siopacket"},
	{sio, []string{engineio, event, siopacket, internals, webClient},
		"sio builds on engineio, event and siopacket, and serves the browser client"},
	{"lessons/socketio/sioclient", []string{event, eiopacket, siopacket, internals,
		"internal/tasks"},
		"sioclient shares with the server only event, the codecs and small packages"},
	{"lessons/socketio/sioredis", []string{sio, event, siopacket},
		"sioredis builds on sio, event and siopacket"},
	{"internal/quicconns", nil, "quicconns keeps connections of any protocol over QUIC"},
	{"internal/wtclient", nil, "wtclient dials any server of WebTransport"},
	{"lessons/socketio/siowebtransport", []string{"internal/tasks", "internal/loglimit",
		"internal/quicconns", "internal/wtclient"},
		"siowebtransport takes what it serves as an interface"},
	{"lessons/comparison/webtransport", []string{"internal/feed", "internal/lesson",
		"internal/lang", "internal/tasks", "internal/quicconns", "internal/wtclient"},
		"a server and a client of the feed, over HTTP/3"},
	{"internal/tap", nil, "the tap knows bytes and nothing of the module"},
	{"internal/xray/web", []string{"internal/xray", "internal/tap", "internal/lang",
		"internal/httpserver", "internal/tasks"}, "the x-ray's pages serve rows and exports"},
	{"internal/xray/filter", []string{"internal/xray", "internal/tap", "internal/lang"},
		"the filter's language knows rows"},
	{"internal/xray/capture", []string{"internal/xray", "internal/tap", "internal/lang",
		"internal/draft"}, "captures are files of rows"},
	{"internal/xray/har", []string{"internal/xray", "internal/tap", frame},
		"an archive holds rows, and the messages of WebSockets"},
	{"internal/xray/pcapng", []string{"internal/tap", "internal/xray"},
		"a capture holds the bytes of the tap"},
	{"internal/xray", []string{"internal/tap", "internal/lang", eiopacket, siopacket, frame},
		"the x-ray builds on the tap and the codecs"},
	{"internal/lang", nil, "the two languages import nothing of the module"},
	{"internal/lesson", []string{"internal/lang"}, "the contract imports the languages alone"},
	{"internal/feed/wire", []string{"internal/feed"}, "the HTTP side of the feed knows the log"},
	{"internal/feed/client", []string{"internal/feed"},
		"clients of the feed know its messages and its wire"},
	{"internal/feed", nil, "the feed imports nothing else of the module"},
	{"internal/tcpreset", nil, "tcpreset closes any connection"},
	{"internal/loglimit", nil, "loglimit imports nothing of the module"},
	{"internal/tasks", nil, "tasks imports nothing of the module"},
	{"internal/accept", []string{"internal/loglimit"}, "accept accepts any connection"},
	{"internal/certificate", nil, "a certificate is made for names"},
	{"internal/connect/command", []string{siopacket, "internal/lang", "internal/nearest"},
		"the language of connect is read without a connection"},
	{"internal/connect", []string{"lessons/socketio/sioclient", siopacket, "internal/tap",
		"internal/xray", "internal/lang", "internal/terminal", "internal/terminal/style",
		"internal/terminal/colors", "internal/tasks"},
		"connect is a client of any server: it has the Socket.IO client, the x-ray, and no server"},
	{"internal/connectproxy", []string{"internal/certificate", "internal/httpserver",
		"internal/relay"}, "a forward proxy serves any client"},
	{"internal/httpserver", []string{"internal/accept"},
		"the lab's http.Server serves any handler"},
	{"internal/relay", []string{"internal/accept", "internal/loglimit", "internal/tasks"},
		"the relay copies TCP"},
	{"internal/livepage", nil, "a page watches any demo"},
	{"internal/nearest", []string{"internal/lang"}, "nearest compares names"},
	{"internal/middlebox/matrix", []string{"internal/middlebox", "internal/httpserver",
		"internal/meter", "internal/lesson", "internal/lang", "internal/spreadsheet"},
		"the matrix receives the lanes"},
	{"internal/middlebox", []string{"internal/tasks", "internal/lang", "internal/nearest",
		"internal/tcpreset"}, "a proxy forwards to any server"},
	{"internal/netsim", []string{"internal/relay", "internal/lang"},
		"the simulated network carries packets"},
	{"internal/compare/figure", []string{"internal/lang"},
		"a figure is words, a unit and decimals"},
	{"internal/compare/look", nil, "a style sheet is text"},
	{"internal/latency", nil, "a histogram counts durations"},
	{"internal/load", []string{"internal/compare", "internal/compare/look", "internal/lang",
		"internal/latency", "internal/nearest", "internal/tasks", "internal/terminal",
		"internal/terminal/style", "internal/terminal/colors",
		eiopacket, siopacket, frame},
		"the load speaks to any server with the codecs, which are pure"},
	{"internal/compare", []string{"internal"},
		"the comparison receives the lessons, and gets its clients from their lanes"},
	{"internal/meter", []string{"internal/httpserver", "internal/tap", "internal/tcpreset",
		"internal/xray"}, "the meter counts the bytes of a server"},
	{"internal/gotool", nil, "gotool prepares the go command's environment"},
	{"internal/spreadsheet", nil, "CSV is text"},
	{"internal/draft", nil, "draft writes bytes"},
	{"internal/dist", []string{"internal/dist", "internal/draft", "internal/gotool",
		"internal/httpserver", "internal/lang"},
		"the hand-outs are files, whatever the exercises are"},
	{"internal/terminal/colors", []string{"internal/terminal/colors/noquery"},
		"colors knows the terminal"},
	{"internal/terminal", nil, "terminal knows text"},
	{"internal/markdown", []string{"internal/terminal", "internal/diagram"},
		"markdown renders text"},
	{"internal/diagram", nil, "a diagram is drawn from its text"},
	{"internal/process", nil, "process runs any program"},
	{"internal/gotest", []string{"internal/gotool", "internal/process"}, "gotest runs go test"},
	{"internal/exercise/check", nil,
		"check is copied into the student's folder, and compiles there alone"},
	{"internal/exercise/predict", []string{frame, "internal/exercise", "internal/lang",
		"internal/lesson"},
		"a prediction is compared without a folder"},
	{"internal/exercise/fixpage", []string{"internal/exercise", "internal/lang", "internal/process",
		"internal/httpserver", webClient}, "fixpage runs a page's code in a browser"},
	{"internal/exercise/gocheck", []string{"internal/exercise", "internal/gotool",
		"internal/process", "internal/draft", "internal/lang"},
		"gocheck compiles and runs Go files"},
	{"internal/exercise/blackbox", []string{"internal/exercise/check", frame,
		"lessons/socketio/sioclient"},
		"blackbox attacks a server with the codec of frames, which is " +
			"pure, and with a real Socket.IO client"},
	{"internal/exercise/workspace", []string{"internal/exercise", "internal/draft",
		"internal/lang"}, "the workspace is a folder"},
	{"internal/exercise/class", []string{"internal", "web"}, "the class receives the exercises"},
	{"internal/exercise", []string{"internal/exercise/check", "internal/lang", "internal/lesson",
		"internal/terminal"}, "the catalogue describes the exercises"},
	{"internal/qr", nil, "qr draws text"},
	{"web", []string{"web"}, "web is files"},
}

// breach says which rule an import breaks, if any.
func breach(pkg, path string) string {
	ours := within(path, "lessons", "internal", "web", "cmd")
	switch {
	case within(pkg, codecs...) && within(path, "net") && path != "net/url": // which only parses
		return "a codec does no I/O"
	case pkg == "internal/feed" && (ours || within(path, "net")):
		return "the log knows no wire"
	case pkg == "internal/feed/wire" && path == "internal/feed/client":
		return "the HTTP side of the feed serves any client"
	case within(pkg, "internal/tap") && within(path, "net/http"):
		return "the tap knows no protocol"
	case (pkg == "internal/exercise" || pkg == "internal/exercise/predict") &&
		within(path, "os/exec", "net", "internal/exercise/gocheck", "internal/exercise/blackbox",
			"internal/exercise/workspace", "internal/exercise/class"):
		return "the catalogue and the predictions run nothing"
	case within(path, "cmd"):
		return "nothing imports a command"
	case path == "internal/tui" && pkg != "cmd/lab":
		return "only the command shows screens"
	case within(path, "internal/labtest", "internal/feed/feedtest", "internal/conformance") &&
		!within(pkg, "internal/labtest", "internal/conformance"):
		return "test helpers are for tests"
	case !ours:
		return breachOfThirdParty(pkg, path)
	}
	for _, r := range rules {
		if !within(pkg, r.pkg) {
			continue
		}
		if within(path, append([]string{r.pkg}, r.may...)...) {
			return ""
		}
		return r.says
	}
	switch {
	case pkg == "lessons", pkg == "cmd/lab", within(pkg, "internal/conformance", "docs"):
		return ""
	case within(pkg, "lessons"):
		return breachOfLesson(pkg, path)
	case within(path, "lessons"):
		return "only the command, tests and what writes docs know a lesson by " +
			"name; others receive []lesson.Lesson"
	}
	return ""
}

// subjectIsAll lists the lessons about all other lessons.
var subjectIsAll = []string{"lessons/comparison", "lessons/production"}

func breachOfLesson(pkg, path string) string {
	name := strings.Split(pkg, "/")[1]
	switch {
	case within(path, "lessons/"+name, "internal/lesson", "internal/lang", "internal/feed",
		"internal/tasks", "internal/tcpreset"):
		return ""
	case within(pkg, subjectIsAll...) &&
		(within(path, "lessons") && path != "lessons" || path == "internal/livepage"):
		return ""
	// the server, the proxy and the network of each attempt
	case within(pkg, "lessons/production/eavesdrop") &&
		within(path, "internal/certificate", "internal/connectproxy", "internal/httpserver",
			"internal/relay"):
		return ""
	// the networks that its page offers, and the names in it
	case within(pkg, "lessons/comparison") &&
		(path == "internal/netsim" || path == "internal/compare/figure"):
		return ""
	// its subject
	case within(pkg, "lessons/production/proxies") && within(path, "internal/middlebox"):
		return ""
	}
	return "a lesson imports its own packages, the contract and the feed"
}

func breachOfThirdParty(pkg, path string) string {
	if within(pkg, "lessons/socketio") && !within(pkg, "lessons/socketio/siowebtransport") &&
		within(path, "github.com/quic-go") {
		return "a program without WebTransport is one without QUIC: see siowebtransport"
	}
	host, _, _ := strings.Cut(path, "/")
	if strings.Count(pkg, "/") == 1 && within(pkg, "lessons") && strings.Contains(host, ".") &&
		!within(path, "github.com/gorilla/websocket") {
		return "a lesson stands on the standard library, and on gorilla/websocket"
	}
	return ""
}

func TestBreachesAreSeen(t *testing.T) {
	for pkg, paths := range map[string][]string{
		"lessons/socketio/sioredis":        {"lessons/socketio/engineio"},
		"lessons/socketio/siowebtransport": {"lessons/socketio/sio"},
		"lessons/websocket/frame":          {"net/http", "lessons/socketio/eiopacket"},
		"lessons/socketio/siopacket":       {"lessons/socketio/eiopacket", "net"},
		"lessons/socketio/engineio": {"lessons/socketio/siopacket",
			"lessons/socketio/event"},
		"lessons/socketio/event": {"lessons/socketio/sio", "lessons/socketio/engineio"},
		"lessons/socketio/sio":   {"internal/lesson", "web"},
		"lessons/socketio/sioclient": {"lessons/socketio/engineio", "lessons/socketio/sio",
			"github.com/quic-go/quic-go"},
		"internal/livepage": {"internal/lesson", "internal/httpserver"},
		"lessons/longpoll": {"lessons/longconn", "internal/livepage",
			"internal/tap", "internal/tui", "github.com/redis/go-redis/v9"},
		"lessons/socketio": {"internal/host", "lessons/websocket", "lessons"},
		"lessons/comparison": {"internal/tap", "lessons", "internal/compare",
			"internal/host"},
		"internal/host": {"lessons", "lessons/websocket", "cmd/lab",
			"internal/tui"},
		"internal/tui": {"lessons/longpoll", "lessons"},
		"internal/compare": {"lessons", "lessons/longpoll",
			"lessons/socketio/sioclient", "web"},
		"internal/exercise": {"lessons/longpoll", "lessons", "os/exec",
			"internal/exercise/workspace"},
		"internal/exercise/predict": {"os/exec", "net/http", "internal/exercise/gocheck",
			"internal/process"},
		"internal/exercise/check":    {"internal/lang"},
		"internal/exercise/blackbox": {"lessons/websocket", "lessons/socketio/eiopacket"},
		"internal/exercise/class":    {"lessons", "internal/labtest"},
		"internal/connect": {"lessons/socketio/sio", "lessons/socketio/engineio",
			"internal/httpserver", "lessons"},
		"internal/connect/command": {"internal/connect", "lessons/socketio/sioclient"},
		"internal/tap": {"internal/xray", "net/http",
			"lessons/websocket/frame"},
		"internal/xray": {"lessons/websocket", "lessons/socketio/engineio",
			"internal/host", "internal/httpserver"},
		"internal/xray/web":    {"internal/host", "lessons/websocket"},
		"internal/xray/pcapng": {"internal/host", "lessons/websocket/frame"},
		"internal/feed": {"internal/lesson", "lessons/longpoll", "internal/feed/wire",
			"net/http"},
		"internal/feed/wire":        {"internal/feed/client", "internal/lesson"},
		"internal/feed/client":      {"internal/lesson"},
		"internal/lesson":           {"internal/feed"},
		"internal/httpserver":       {"internal/tap"},
		"internal/middlebox":        {"internal/tap", "internal/lesson", "internal/host"},
		"internal/middlebox/matrix": {"lessons", "internal/host"},
		"lessons/production":        {"internal/middlebox", "lessons"},
		"web":                       {"internal/lesson"},
	} {
		for _, path := range paths {
			assert.NotEmpty(t, breach(pkg, path), "%s → %s", pkg, path)
		}
	}
	for pkg, path := range map[string]string{
		"lessons/comparison":         "internal/compare/figure",
		"lessons/production":         "lessons/socketio/sio",
		"lessons/production/proxies": "internal/middlebox/matrix",
		"cmd/lab":                    "lessons",
		"internal/tui":               "internal/host",
		"internal/xray":              "lessons/websocket/frame",
		"lessons/websocket":          "github.com/gorilla/websocket",
		"lessons/socketio":           "lessons/socketio/sio",
		"internal/exercise":          "internal/lesson",
		"internal/exercise/blackbox": "lessons/websocket/frame",
		"internal/compare":           "internal/meter",
		"internal/connect/screen":    "internal/connect",
		"internal/conformance/pages": "internal/labtest",
	} {
		assert.Empty(t, breach(pkg, path), "%s → %s", pkg, path)
	}
}

// TestCodecsStartNoGoroutines: a codec is a function of its input.
func TestCodecsStartNoGoroutines(t *testing.T) {
	for _, codec := range codecs {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(codec), "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			require.NoError(t, err)
			ast.Inspect(file, func(n ast.Node) bool {
				_, starts := n.(*ast.GoStmt)
				assert.False(t, starts, "%s starts a goroutine", name)
				return true
			})
		}
	}
}

// TestOneServer: every server of the lab comes from internal/httpserver, which checks hosts and
// origins and sets limits. Exercises and examples are programs of their own.
func TestOneServer(t *testing.T) {
	found := 0
	eachGoFile(t, func(name string, source []byte) {
		if strings.HasSuffix(name, "_test.go") || isIn(name, "exercises") ||
			isIn(name, "examples") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			made, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, _ := made.X.(*ast.Ident)
			switch {
			case of == nil || of.Name != "http" ||
				!slices.Contains([]string{"Server", "Serve", "ServeTLS", "ListenAndServe",
					"ListenAndServeTLS"}, made.Sel.Name):
			case within(name, "internal/httpserver", "internal/feed/feedtest"):
				found++
			default:
				assert.Fail(t, "a server of its own", "%s uses http.%s: take internal/httpserver",
					name, made.Sel.Name)
			}
			return true
		})
	})
	assert.NotZero(t, found, "internal/httpserver is looked at")
}
