package sioredis

import (
	"context"
	stdjson "encoding/json"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
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

// marshalData encodes a socket's data, with binary data as base64. A panic in a MarshalJSON method
// of the user's becomes an error.
func marshalData(data map[string]any) (text jsontext.Value, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	if data == nil {
		data = map[string]any{}
	}
	return json.Marshal(data, jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false),
		jsontext.EscapeForJS(false))
}

// info returns the description as a sio.SocketInfo. Attachments in the data become base64 in its
// RawData.
func (s wireSocket) info(attachments [][]byte) sio.SocketInfo {
	data := readData(s.Data, attachments)
	info := sio.SocketInfo{ID: s.ID, Rooms: s.Rooms, Data: data, Handshake: s.Handshake}
	if data != nil {
		info.RawData = stdjson.RawMessage(s.Data)
		if len(attachments) > 0 {
			info.RawData, _ = marshalRaw(data)
		}
	}
	return info
}

// readData parses a socket's data. It returns nil for data of a Node server that is not an object.
func readData(text jsontext.Value, attachments [][]byte) (data map[string]any) {
	if len(attachments) > 0 {
		_ = siopacket.Unmarshal(siopacket.Value(text), attachments, &data)
		return data
	}
	_ = json.Unmarshal(text, &data, lenient)
	return data
}

func marshalRaw(data map[string]any) (stdjson.RawMessage, error) {
	text, err := marshalData(data)
	return stdjson.RawMessage(text), err
}

func (a *adapter) infos(to sio.Selection) []sio.SocketInfo {
	infos, _ := a.local.FetchSockets(context.Background(), to, sio.Flags{}) // never fails
	return infos
}

// describe returns the selected sockets of this server as a JSON array. It omits data that cannot
// be encoded.
func (a *adapter) describe(to sio.Selection) jsontext.Value {
	sockets := []wireSocket{}
	for _, info := range a.infos(to) {
		socket, err := newWireSocket(info)
		if err != nil {
			a.config.Log.Error("sioredis: a socket's data is not valid JSON", "socket", info.ID,
				"err", err)
			socket.Data = jsontext.Value("{}")
		}
		sockets = append(sockets, socket)
	}
	text, err := json.Marshal(sockets, lenient)
	if err != nil {
		a.config.Log.Error("sioredis: sockets not described", "namespace", a.namespace.Name(),
			"err", err)
		return nil
	}
	return text
}

// parseInfos parses the output of describe or of the official adapter.
func parseInfos(text jsontext.Value, attachments [][]byte) ([]sio.SocketInfo, error) {
	var sockets []wireSocket
	if err := json.Unmarshal(text, &sockets, lenient); err != nil {
		return nil, err
	}
	infos := make([]sio.SocketInfo, 0, len(sockets))
	for _, s := range sockets {
		infos = append(infos, s.info(attachments))
	}
	return infos, nil
}
