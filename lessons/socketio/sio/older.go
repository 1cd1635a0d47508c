package sio

import (
	"encoding/hex"
	"strings"

	"realtimelab/lessons/socketio/siopacket"
)

// Clients of Socket.IO 1 and 2 use revision 3 of Engine.IO and revision 4 of the Socket.IO
// protocol. Revision 4 differs from 5 only in how a client joins a namespace. It joins the main
// namespace without CONNECT. A CONNECT to another one has a query in the namespace's name instead
// of a payload, and its answer has no payload. The packet that refuses is called ERROR, and carries
// any value.

func (c *client) isV2() bool { return c.session.Protocol() == 3 }

// fromV2 moves the query of a CONNECT's namespace into the auth payload, which these clients do not
// send. It parses like a browser's URLSearchParams: any text is valid, and of equal names the last
// counts.
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

// formText decodes percent-encoding, and keeps a "%" that does not begin a valid one.
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
