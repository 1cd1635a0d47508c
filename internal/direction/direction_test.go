// Package direction asserts who may import whom.
package direction

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "realtimelab/"

// imports returns, for each package of the module, what it imports outside
// its tests.
func imports(t *testing.T) map[string][]string {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	require.NoError(t, err)
	all := map[string][]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(strings.ReplaceAll(lines.Text(), module, ""))
		all[fields[0]] = fields[1:]
	}
	return all
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func TestDirection(t *testing.T) {
	all := imports(t)
	require.Contains(t, all, "lessons/socketio/sio")
	require.Contains(t, all, "lessons/socketio/sioredis")
	for pkg, imported := range all {
		for _, path := range imported {
			assert.Empty(t, breach(pkg, path), "%s imports %s", pkg, path)
		}
	}
}

var pure = []string{"lessons/socketio/eiopacket", "lessons/socketio/siopacket", "lessons/websocket/frame"}

// breach says which rule of the house an import breaks, if any.
func breach(pkg, path string) string {
	ours := within(path, "lessons") || within(path, "internal") || within(path, "web") || within(path, "cmd")
	for _, p := range pure {
		if pkg == p && (ours || within(path, "net")) {
			return "a codec imports neither net nor the house"
		}
	}
	switch {
	case pkg == "lessons/socketio/engineio" && ours && path != "lessons/socketio/eiopacket":
		return "engineio builds on eiopacket alone"
	case pkg == "lessons/socketio/sio" && ours && path != "lessons/socketio/engineio" && path != "lessons/socketio/siopacket":
		return "sio builds on engineio and siopacket"
	case pkg == "lessons/socketio/sioclient" && ours && path != "lessons/socketio/eiopacket" && path != "lessons/socketio/siopacket":
		return "sioclient shares no code with the server but the codecs"
	case pkg == "lessons/socketio/sioredis" && ours && path != "lessons/socketio/sio" && path != "lessons/socketio/siopacket":
		return "sioredis builds on sio and siopacket"
	case pkg == "lessons/socketio/siowebtransport" && ours:
		return "siowebtransport takes what it serves as an interface"
	case path == "lessons" && pkg != "cmd/lab" && !within(pkg, "internal/conformance"):
		return "only the command and tests know the list of lessons"
	case within(pkg, "lessons") && pkg != "lessons" && ours:
		return breachOfLesson(pkg, path)
	}
	return ""
}

func breachOfLesson(pkg, path string) string {
	name := strings.Split(pkg, "/")[1]
	if within(path, "lessons/"+name) || within(path, "internal/lesson") || within(path, "internal/feed") {
		return ""
	}
	return "a lesson imports its own packages, the contract and the feed"
}

func TestBreachesAreSeen(t *testing.T) {
	for pkg, path := range map[string]string{
		"lessons/socketio/sioredis":        "lessons/socketio/engineio",
		"lessons/socketio/siowebtransport": "lessons/socketio/sio",
		"lessons/websocket/frame":          "net/http",
		"lessons/socketio/siopacket":       "lessons/socketio/eiopacket",
		"lessons/socketio/engineio":        "lessons/socketio/siopacket",
		"lessons/socketio/sio":             "internal/lesson",
		"lessons/socketio/sioclient":       "lessons/socketio/engineio",
		"internal/host":                    "lessons",
		"lessons/longpoll":                 "lessons/longconn",
		"lessons/socketio":                 "internal/host",
	} {
		assert.NotEmpty(t, breach(pkg, path), "%s → %s", pkg, path)
	}
}
