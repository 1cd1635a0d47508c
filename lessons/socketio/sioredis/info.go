package sioredis

import (
	"context"
	stdjson "encoding/json"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"realtimelab/lessons/socketio/sio"
)

// wireSocket describes a socket as the official adapter does.
type wireSocket struct {
	ID        string         `json:"id"`
	Handshake sio.Handshake  `json:"handshake"`
	Rooms     names          `json:"rooms"`
	Data      jsontext.Value `json:"data,omitzero"`
}

func newWireSocket(info sio.SocketInfo) (wireSocket, error) {
	data, err := marshalData(info.Data)
	return wireSocket{ID: info.ID, Rooms: info.Rooms, Data: data, Handshake: info.Handshake}, err
}

// marshalData runs the methods of the user's values, which may panic. Binary data becomes base64.
func marshalData(data map[string]any) (text jsontext.Value, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	if data == nil {
		data = map[string]any{}
	}
	return json.Marshal(data, jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.EscapeForJS(false))
}

func (s wireSocket) info() sio.SocketInfo {
	var data map[string]any
	_ = json.Unmarshal(s.Data, &data, lenient) // a Node server may have anything there: it is left out
	info := sio.SocketInfo{ID: s.ID, Rooms: s.Rooms, Data: data, Handshake: s.Handshake}
	if data != nil {
		info.RawData = stdjson.RawMessage(s.Data)
	}
	return info
}

func (a *adapter) infos(to sio.Selection) []sio.SocketInfo {
	infos, _ := a.local.FetchSockets(context.Background(), to, sio.Flags{}) // never fails
	return infos
}

// describe is the array of a selection's sockets on this server. Data that is not JSON is left out.
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
