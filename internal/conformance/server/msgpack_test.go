package server

import (
	"encoding/hex"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/siopacket"
)

// Each width of each type has the same bytes as from the official encoder.
func TestMsgpackIsWrittenAsTheOfficialEncoderDoes(t *testing.T) {
	values := []string{"-0", "0.0", "1e3", "1.5", "-1.5", "1e-7", "null", "true", "false", "{}",
		"[]", "18446744073709549568"}
	for _, bits := range []uint{5, 7, 8, 15, 16, 31, 32, 33, 48, 53} {
		for _, n := range []int64{1<<bits - 1, 1 << bits, 1<<bits + 1} {
			if n <= 1<<53 {
				values = append(values, fmt.Sprint(n), fmt.Sprint(-n))
			}
		}
	}
	for _, n := range []int{0, 15, 16, 31, 32, 255, 256, 65535, 65536} {
		values = append(values, `"`+strings.Repeat("a", n)+`"`, `"`+strings.Repeat("你", n/3)+`"`)
		values = append(values, "["+strings.TrimSuffix(strings.Repeat("1,", n), ",")+"]")
	}
	for _, n := range []int{15, 16, 300} {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"k%d":%d`, i, i))
		}
		values = append(values, "{"+strings.Join(members, ",")+"}")
	}
	lines := make([]string, len(values))
	for i, v := range values {
		lines[i] = `["x",` + v + `]`
	}
	cmd := exec.CommandContext(t.Context(), "node", "msgpack.mjs")
	cmd.Dir = node.Dir(t)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.Output()
	require.NoError(t, err)
	official := strings.Fields(string(out))
	require.Len(t, official, len(values))
	for i, line := range lines {
		ours, err := siopacket.Packet{Type: siopacket.Event, Data: []byte(line)}.AppendMsgpack(nil)
		require.NoError(t, err)
		assert.Equal(t, official[i], hex.EncodeToString(ours), "%.60s", values[i])
	}
}
