package sio

import (
	"encoding/hex"
	"strings"

	"realtimelab/lessons/socketio/siopacket"
)

// Clients of Socket.IO 1 and 2 come with revision 3 of Engine.IO, and speak revision 4 of the
// Socket.IO protocol. It has the packets of revision 5, except for the way into a namespace: the
// main one is joined without asking, CONNECT has no payload but the namespace's query, and its
// answer has none. The type that refuses is called ERROR there, and carries any value.

func (c *client) isV2() bool { return c.session.Protocol() == 3 }

// fromV2 splits the query from the namespace that a CONNECT names. It stands in for the auth
// payload, which these clients do not have. It is read as a browser's URLSearchParams does:
// everything has a meaning, and of equal names the last counts.
func fromV2(p siopacket.Packet) siopacket.Packet {
	target, _, _ := strings.Cut(p.Namespace, "#")
	name, query, _ := strings.Cut(target, "?")
	p.Namespace = name
	if p.Type == siopacket.Connect {
		values := map[string]string{}
		for pair := range strings.SplitSeq(query, "&") {
			if name, value, _ := strings.Cut(pair, "="); pair != "" {
				values[formText(name)] = formText(value)
			}
		}
		p.Data, _, _ = siopacket.Marshal(values) // strings only: it cannot fail
	}
	return p
}

// formText decodes what is percent-encoded, and leaves a "%" that is not.
func formText(s string) string {
	var text []byte
	for ; s != ""; s = s[1:] {
		switch s[0] {
		case '+':
			text = append(text, ' ')
			continue
		case '%':
			if code, err := hex.DecodeString(s[1:min(3, len(s))]); err == nil && len(code) == 1 {
				text, s = append(text, code[0]), s[2:]
				continue
			}
		}
		text = append(text, s[0])
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}
