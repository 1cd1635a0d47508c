package sioredis

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"realtimelab/lessons/socketio/sio"
)

// wireSocket is how the official adapter describes a socket.
type wireSocket struct {
	ID        string         `json:"id"`
	Handshake wireHandshake  `json:"handshake"`
	Rooms     names          `json:"rooms"`
	Data      jsontext.Value `json:"data,omitzero"`
}

type wireHandshake struct {
	Headers map[string]texts `json:"headers"` // in lower case
	Time    string           `json:"time"`    // for people; Issued is the same
	Address string           `json:"address"`
	XDomain bool             `json:"xdomain"`
	Secure  bool             `json:"secure"`
	Issued  float64          `json:"issued"` // milliseconds since 1970
	URL     string           `json:"url"`
	Query   map[string]texts `json:"query"`
	Auth    jsontext.Value   `json:"auth,omitzero"`
}

// dateText is how JavaScript writes a Date for people.
const dateText = "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)"

func newWireSocket(info sio.SocketInfo) (wireSocket, error) {
	data, err := marshalData(info.Data)
	h := info.Handshake
	return wireSocket{
		ID: info.ID, Rooms: info.Rooms, Data: data,
		Handshake: wireHandshake{
			Headers: wireHeaders(h.Headers), Query: wireValues(h.Query), Auth: h.RawAuth,
			Address: h.Address, XDomain: h.XDomain, Secure: h.Secure, URL: h.URL,
			Time: h.Time.UTC().Format(dateText), Issued: float64(h.Time.UnixMilli()),
		},
	}, err
}

// marshalData runs the methods of the user's values, which may panic.
func marshalData(data map[string]any) (text jsontext.Value, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return json.Marshal(data, lenient)
}

func (s wireSocket) info() sio.SocketInfo {
	var data map[string]any
	_ = json.Unmarshal(s.Data, &data, lenient) // a Node server may have anything there: it is left out
	h := s.Handshake
	info := sio.SocketInfo{
		ID: s.ID, Rooms: s.Rooms, Data: data,
		Handshake: sio.Handshake{
			Headers: http.Header{}, Query: url.Values{}, RawAuth: h.Auth,
			Address: h.Address, XDomain: h.XDomain, Secure: h.Secure, URL: h.URL,
		},
	}
	if h.Issued > 0 {
		info.Handshake.Time = time.UnixMilli(int64(h.Issued))
	}
	for name, values := range h.Headers {
		info.Handshake.Headers[http.CanonicalHeaderKey(name)] = values
	}
	for name, values := range h.Query {
		info.Handshake.Query[name] = values
	}
	return info
}

// wireHeaders joins what came several times, as Node does.
func wireHeaders(headers http.Header) map[string]texts {
	wire := map[string]texts{}
	for name, values := range headers {
		separator := ", "
		if name == "Cookie" {
			separator = "; "
		}
		wire[strings.ToLower(name)] = texts{strings.Join(values, separator)}
	}
	return wire
}

func wireValues(query url.Values) map[string]texts {
	wire := map[string]texts{}
	for name, values := range query {
		wire[name] = values
	}
	return wire
}

// texts is one string, or an array of several.
type texts []string

// MarshalJSONTo implements json.MarshalerTo.
func (t texts) MarshalJSONTo(enc *jsontext.Encoder) error {
	if len(t) == 1 {
		return enc.WriteToken(jsontext.String(t[0]))
	}
	return json.MarshalEncode(enc, []string(t))
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *texts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '[' {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		text, err := nameOf(value)
		*t = texts{text}
		return err
	}
	return json.UnmarshalDecode(dec, (*names)(t))
}

func (a *adapter) infos(to sio.Selection) []sio.SocketInfo {
	infos, _ := a.local.FetchSockets(context.Background(), to, sio.Flags{}) // never fails
	return infos
}

// describe is the array of a selection's sockets on this server. Data that is
// not JSON is left out.
func (a *adapter) describe(to sio.Selection) jsontext.Value {
	sockets := []wireSocket{}
	for _, info := range a.infos(to) {
		socket, err := newWireSocket(info)
		if err != nil {
			a.config.Log.Error("sioredis: a socket's data is no JSON", "socket", info.ID, "err", err)
			socket.Data = jsontext.Value("{}")
		}
		sockets = append(sockets, socket)
	}
	text, err := json.Marshal(sockets, lenient)
	if err != nil {
		a.config.Log.Error("sioredis: sockets not described", "namespace", a.namespace.Name(), "err", err)
		return nil
	}
	return text
}

// parseInfos reads what describe, or the official adapter, has written.
func parseInfos(text jsontext.Value) ([]sio.SocketInfo, error) {
	var sockets []wireSocket
	if err := json.Unmarshal(text, &sockets, lenient); err != nil {
		return nil, err
	}
	infos := make([]sio.SocketInfo, 0, len(sockets))
	for _, s := range sockets {
		infos = append(infos, s.info())
	}
	return infos, nil
}
