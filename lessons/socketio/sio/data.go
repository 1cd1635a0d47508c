package sio

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrNoData says that a socket has no value of that key.
var ErrNoData = errors.New("sio: the socket has no such data")

// Data decodes all that Set has kept with a socket into a T: a struct whose fields are named as the
// keys, or a map. It reads as encoding/json does, so a key that is missing leaves its field zero. The
// result is the same for a *Socket and for a RemoteSocket, of this server or of another one: the
// values go through JSON, and a []byte is base64 there. The error says what cannot be written, or
// does not fit into T. S need not be written: sio.Data[User](s).
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

// Decode reads one value that Set has kept into v, a pointer, as Data does. It returns ErrNoData for
// an unknown key.
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
