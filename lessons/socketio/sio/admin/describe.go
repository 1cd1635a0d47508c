package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// adminKey is the key in a socket's data under which other servers' admins find its description.
// The official server uses the same key.
const adminKey = "_admin"

// adminData is the value of adminKey.
type adminData struct {
	ClientID  string `json:"clientId"`
	Transport string `json:"transport"`
}

// A description is a socket as the page reads it.
type description struct {
	ID        string                     `json:"id"`
	ClientID  string                     `json:"clientId,omitempty"`
	Transport string                     `json:"transport,omitempty"`
	Namespace string                     `json:"nsp"`
	Data      map[string]json.RawMessage `json:"data"`
	Handshake map[string]any             `json:"handshake"`
	Rooms     []string                   `json:"rooms"`
}

// An update is the part of a description that has changed.
type update struct {
	ID        string                     `json:"id"`
	Namespace string                     `json:"nsp"`
	Transport string                     `json:"transport,omitempty"`
	Data      map[string]json.RawMessage `json:"data,omitempty"`
}

// describe describes a socket of this server without its rooms.
func describe(s *sio.Socket) description {
	return description{
		ID: s.ID(), ClientID: clientID(s.Conn()), Transport: s.Conn().Transport(),
		Namespace: s.Namespace().Name(),
		Data:      describeData(s), Handshake: describeHandshake(s.Handshake()),
	}
}

// describeRemote describes a socket of another server.
func describeRemote(namespace string, socket sio.RemoteSocket) description {
	d := description{ID: socket.ID, Namespace: namespace, Rooms: socket.Rooms,
		Handshake: describeHandshake(socket.Handshake)}
	if json.Unmarshal(socket.RawData, &d.Data) != nil || d.Data == nil {
		d.Data = map[string]json.RawMessage{}
	}
	var at adminData
	if json.Unmarshal(d.Data[adminKey], &at) == nil {
		d.ClientID, d.Transport = at.ClientID, at.Transport
	}
	delete(d.Data, adminKey)
	return d
}

// clientID is the beginning of the session's id, which would let an admin speak for the client.
func clientID(conn sio.Conn) string { return conn.ID()[:min(12, len(conn.ID()))] }

// describeData writes what Set has kept with a socket of this server. A value that cannot be
// written as JSON is described by its type. Binary data is base64.
func describeData(s *sio.Socket) map[string]json.RawMessage {
	data := map[string]json.RawMessage{}
	for key, value := range s.Data() {
		if key == adminKey {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			text, _ = json.Marshal(fmt.Sprintf("(%T)", value)) // a text: it cannot fail
		}
		data[key] = text
	}
	return data
}

// describeHandshake writes a handshake as the official Admin UI does: without the auth payload, and
// with the address that a proxy has named.
func describeHandshake(h sio.Handshake) map[string]any {
	var shown map[string]any
	text, err := json.Marshal(h)
	if err != nil || json.Unmarshal(text, &shown) != nil {
		return map[string]any{}
	}
	delete(shown, "auth")
	headers, _ := shown["headers"].(map[string]any)
	for _, secret := range []string{"cookie", "authorization", "proxy-authorization"} {
		if headers[secret] != nil {
			headers[secret] = "(hidden)"
		}
	}
	for _, name := range []string{"x-forwarded-for", "cf-connecting-ip"} { // the last counts
		if headers[name] != nil {
			shown["address"] = headers[name]
		}
	}
	return shown
}

// eventList writes an event as the page reads it: its name, then its arguments.
func eventList(name string, args sio.Args) []any {
	list := []any{strings.ToValidUTF8(name, "\uFFFD")}
	for _, value := range args.Values() {
		list = append(list, siopacket.Raw{Text: value, Attachments: args.Attachments()})
	}
	return list
}

// listTimeout bounds the wait for the lists of the other servers.
const listTimeout = 5 * time.Second

// sendSockets sends an admin the list of all sockets. The page forgets what it knew before, so the
// list of this server's sockets is made in one step with the place among the reports. The other
// servers' lists may be older than their reports: the page may then show a socket that has gone.
func (a *Admin) sendSockets(s *sio.Socket) {
	all := a.remoteSockets(s.Context())
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.members {
		if m.announced {
			all = append(all, m.describe())
		}
	}
	a.post(report{to: s, name: "all_sockets", args: []any{all}})
}

// remoteSockets describes the sockets of the other servers.
func (a *Admin) remoteSockets(ctx context.Context) []description {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	all := []description{}
	for _, name := range a.io.Namespaces() {
		n := a.io.Lookup(name)
		if n == nil {
			continue
		}
		sockets, err := n.FetchSockets(ctx)
		if err != nil {
			a.config.Log.Warn("sockets missing from the list of the admin", "namespace", name,
				"err", err)
		}
		for _, socket := range sockets {
			if socket.RawData != nil { // else it is this server's
				all = append(all, describeRemote(name, socket))
			}
		}
	}
	return all
}
