package sioclient

import (
	"context"

	"realtimelab/lessons/socketio/siopacket"
)

// New makes a socket of the namespace that is the URL's path, "/" if it has none. Nothing is sent
// yet: add handlers with On, then call Connect. The socket has a Manager of its own, which its Close
// closes too. The error says what is wrong with the URL or the Config.
func New(server string, c Config) (*Socket, error) {
	m, err := NewManager(server, c)
	if err != nil {
		return nil, err
	}
	namespace := m.base.Path
	if namespace == "" {
		namespace = siopacket.MainNamespace
	}
	s := m.Socket(namespace)
	s.ownsManager = true
	if c.Setup != nil {
		c.Setup(s)
	}
	return s, nil
}

// Dial is New and Connect: it returns a connected socket, and the caller must call its Close. Add
// handlers in Config.Setup: a handler that is added to the returned socket may miss the events that
// the server sends at once. The errors are New's and Connect's; after an error, nothing is left open.
func Dial(ctx context.Context, server string, c Config) (*Socket, error) {
	s, err := New(server, c)
	if err != nil {
		return nil, err
	}
	if err := s.Connect(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
