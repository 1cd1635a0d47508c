package facts

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sio/admin"
	"realtimelab/lessons/socketio/sioclient"
)

// A declared is a class or interface of the official type declarations whose public names the
// section of docs/from-node.md must list.
type declared struct{ section, file, name string }

var officialAPI = []declared{
	{"Server options", "socket.io/dist/index.d.ts", "interface ServerOptions"},
	{"Server options", "engine.io/build/server.d.ts", "interface AttachOptions"},
	{"Server options", "engine.io/build/server.d.ts", "interface ServerOptions"},
	{"Server", "socket.io/dist/index.d.ts", "class Server"},
	{"Namespace", "socket.io/dist/namespace.d.ts", "class Namespace"},
	{"Socket", "socket.io/dist/socket.d.ts", "class Socket"},
	{"BroadcastOperator and RemoteSocket", "socket.io/dist/broadcast-operator.d.ts",
		"class BroadcastOperator"},
	{"BroadcastOperator and RemoteSocket", "socket.io/dist/broadcast-operator.d.ts",
		"class RemoteSocket"},
	{"Admin UI", "@socket.io/admin-ui/dist/index.d.ts", "interface InstrumentOptions"},
	{"Client options", "socket.io-client/build/esm/manager.d.ts", "interface ManagerOptions"},
	{"Client options", "socket.io-client/build/esm/socket.d.ts", "interface SocketOptions"},
	{"Client options", "engine.io-client/build/esm/socket.d.ts", "interface SocketOptions"},
	{"Client: Manager", "socket.io-client/build/esm/manager.d.ts", "class Manager"},
	{"Client: Manager", "socket.io-client/build/esm/manager.d.ts",
		"interface ManagerReservedEvents"},
	{"Client: Socket", "socket.io-client/build/esm/socket.d.ts", "class Socket"},
	{"Client: Socket", "socket.io-client/build/esm/socket.d.ts", "interface SocketReservedEvents"},
}

// emitter lists the methods of Node's EventEmitter, which server sockets have, and of the client's
// emitter.
var emitter = []string{
	"on", "addListener", "addEventListener", "once", "prependListener", "prependOnceListener",
	"off", "removeListener",
	"removeAllListeners", "removeEventListener", "listeners", "hasListeners", "listenerCount",
	"eventNames", "rawListeners",
	"setMaxListeners", "getMaxListeners",
}

// TestFromNodeIsComplete compares docs/from-node.md with the official type declarations.
func TestFromNodeIsComplete(t *testing.T) {
	rows := fromNode(t)
	for _, d := range officialAPI {
		names := declaredNames(t, d)
		require.NotEmpty(t, names, "%s in %s", d.name, d.file)
		for _, name := range names {
			assert.True(t, hasRow(rows[d.section], name),
				"docs/from-node.md, %q: no row for %s of the official %s", d.section, name, d.name)
		}
	}
	for _, name := range emitter {
		assert.True(t, hasRow(rows["Events of sockets, in both"], name), name)
	}
}

var publicName = regexp.MustCompile(`^    (?:get |set |readonly |static )*([a-zA-Z]\w*)\??[<(:]`)

// declaredNames returns the public names of a class or interface. Names that begin with _ are
// private.
func declaredNames(t *testing.T, d declared) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.Dir(t), "node_modules", filepath.FromSlash(d.file)))
	require.NoError(t, err)
	inside := false
	start := regexp.MustCompile(`\b` + d.name + `\b`)
	for line := range strings.Lines(string(text)) {
		switch {
		case !inside:
			inside = start.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), "*")
		case strings.HasPrefix(line, "}"):
			return names
		default:
			if m := publicName.FindStringSubmatch(line); m != nil && m[1] != "constructor" {
				names = append(names, m[1])
			}
		}
	}
	return names
}

// A fromNodeRow is a row of the tables: the official call, ours, and the difference.
type fromNodeRow struct{ node, golang, differs string }

// fromNode returns the rows of the tables in docs/from-node.md, by section.
func fromNode(t *testing.T) map[string][]fromNodeRow {
	t.Helper()
	text, err := os.ReadFile("../../../docs/from-node.md")
	require.NoError(t, err)
	rows := map[string][]fromNodeRow{}
	section := ""
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(title)
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "| `") && !strings.HasPrefix(line, "| events") {
			continue
		}
		require.Len(t, cells, 3, line)
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
			assert.NotEmpty(t, cells[i], "an empty cell: %s", line)
		}
		rows[section] = append(rows[section], fromNodeRow{cells[0], cells[1], cells[2]})
	}
	return rows
}

func hasRow(rows []fromNodeRow, name string) bool {
	word := regexp.MustCompile("`[^`]*\\b" + name + "\\b[^`]*`")
	for _, r := range rows {
		if word.MatchString(r.node) {
			return true
		}
	}
	return false
}

// The tables name the methods and fields of a type.
var goTypes = map[string]any{
	"sio.Server": &sio.Server{}, "sio.Namespace": &sio.Namespace{}, "sio.Socket": &sio.Socket{},
	"sio.Broadcast":    &sio.Broadcast{},
	"sio.RemoteSocket": &sio.RemoteSocket{}, "sio.Config": &sio.Config{},
	"sio.Handshake": &sio.Handshake{}, "engineio.Config": &engineio.Config{},
	"sioclient.Socket": &sioclient.Socket{}, "sioclient.Manager": &sioclient.Manager{},
	"sioclient.Config": &sioclient.Config{},
	"admin.Config":     &admin.Config{}, "sio.MissingAnswersError": &sio.MissingAnswersError{},
	"sio.ConnectError": &sio.ConnectError{}, "sio.Recovery": &sio.Recovery{},
}

// goFuncs lists the functions that the tables name.
var goFuncs = map[string]any{
	"admin.Instrument": admin.Instrument, "sio.NewServer": sio.NewServer, "sio.Ask": sio.Ask[int],
	"sioclient.Ask": sioclient.Ask[int],
	"sioclient.New": sioclient.New, "sioclient.Dial": sioclient.Dial,
	"sioclient.NewManager": sioclient.NewManager,
}

// TestFromNodeNamesExist looks for every Go name of the tables.
func TestFromNodeNamesExist(t *testing.T) {
	goName := regexp.MustCompile(`\b((?:sio|sioclient|engineio|admin)\.[A-Z]\w*)(?:\.([A-Z]\w*))?`)
	for _, section := range fromNode(t) {
		for _, row := range section {
			for _, m := range goName.FindAllStringSubmatch(row.golang+" "+row.differs, -1) {
				value, known := goTypes[m[1]]
				_, isFunc := goFuncs[m[1]]
				if !assert.True(t, known || isFunc, "%s in %q", m[1], row.golang) || m[2] == "" {
					continue
				}
				typ := reflect.TypeOf(value)
				_, isMethod := typ.MethodByName(m[2])
				_, isField := typ.Elem().FieldByName(m[2])
				assert.True(t, isMethod || isField, "%s has no %s: %q", m[1], m[2], row.golang)
			}
		}
	}
}
