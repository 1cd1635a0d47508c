package sio

import (
	"errors"
	"net/url"

	"realtimelab/lessons/socketio/siopacket"
)

// Clients of Socket.IO 1 and 2 come with revision 3 of Engine.IO, and speak
// revision 4 of the Socket.IO protocol. Its packets are those of revision 5,
// but for the way into a namespace: the main one is joined without asking,
// CONNECT has no payload but the namespace's query, and its answer has none.
// The type that refuses is called ERROR there, and carries any value.

func (c *client) isV2() bool { return c.session.Protocol() == 3 }

// fromV2 splits the query from the namespace that a CONNECT names. It stands
// in for the auth payload.
func fromV2(p siopacket.Packet) siopacket.Packet {
	target, err := url.Parse(p.Namespace)
	if err != nil || target.RawQuery == "" {
		return p
	}
	query := map[string]any{}
	for key, values := range target.Query() {
		if query[key] = values; len(values) == 1 {
			query[key] = values[0]
		}
	}
	p.Namespace = target.Path
	if data, _, err := siopacket.Marshal(query); err == nil && p.Type == siopacket.Connect {
		p.Data = data
	}
	return p
}

// idV2 is the session's own, which these clients take for theirs.
func (c *client) idV2(n *Namespace) string {
	if n.name == siopacket.MainNamespace {
		return c.session.ID()
	}
	return n.name + "#" + c.session.ID()
}

// refusalV2 is a Refusal's data, or the error's text.
func refusalV2(err error) []byte {
	var value any = err.Error()
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Data != nil {
		value = refusal.Data
	}
	data, _, err := siopacket.Marshal(value)
	if err != nil {
		return []byte(`"refused"`)
	}
	return data
}
