package sio

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"realtimelab/lessons/socketio/event"
)

// ErrNoData says that a socket has no value for a key.
var ErrNoData = errors.New("sio: the socket has no such data")

// Data decodes all values that Set has stored in a socket into a T: a struct with the keys as field
// names, or a map. It decodes like encoding/json, so a missing key leaves its field zero. The
// result is the same for a *Socket and for a RemoteSocket, of this server or of another one: the
// values go through JSON, where a []byte is base64. The error names the value that cannot be
// encoded or does not fit into T. S is inferred: sio.Data[User](s).
func Data[T any, S *Socket | RemoteSocket](s S) (T, error) {
	var info SocketInfo
	switch s := any(s).(type) {
	case *Socket:
		info.Data = s.Data()
	case RemoteSocket:
		info = s.SocketInfo
	}
	var data T
	text, err := []byte(info.RawData), error(nil)
	if text == nil {
		text, err = json.Marshal(info.Data)
	}
	if err == nil {
		err = json.Unmarshal(text, &data)
	}
	if err != nil {
		return data, fmt.Errorf("sio: data: %w", err)
	}
	return data, nil
}

// Decode decodes one value that Set has stored into v, a pointer, like Data. It returns ErrNoData
// for an unknown key.
func (s RemoteSocket) Decode(key string, v any) error {
	all, err := Data[map[string]json.RawMessage](s)
	if err != nil {
		return err
	}
	text, ok := all[key]
	if !ok {
		return fmt.Errorf("%w: %q", ErrNoData, key)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("sio: data %q: %w", key, err)
	}
	return nil
}

// dataHandlers holds a namespace's functions for the data of its sockets.
type dataHandlers struct {
	mu     sync.Mutex // guards what follows; not held while a function runs
	onData []func(*Socket, string)
}

// OnData adds a function that is called with the key after each Set of a socket of this server. It
// runs on the goroutine of Set, whose caller gets its panic. The socket may not have joined the
// namespace yet, or may have ended: see Socket.Connected.
func (n *namespaceBase) OnData(f func(s *Socket, key string)) {
	n.dataHandlers.mu.Lock()
	defer n.dataHandlers.mu.Unlock()
	n.onData = event.With(n.onData, f, false)
}

// dataSet calls the functions of OnData.
func (n *namespaceBase) dataSet(s *Socket, key string) {
	n.dataHandlers.mu.Lock()
	functions := n.onData
	n.dataHandlers.mu.Unlock()
	for _, f := range functions {
		f(s, key)
	}
}
