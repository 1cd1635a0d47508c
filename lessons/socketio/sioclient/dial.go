package sioclient

import (
	"context"

	"realtimelab/lessons/socketio/siopacket"
)

// New returns a socket for the namespace in the URL's path, "/" if the path is empty. It sends
// nothing: add handlers with On, then call Connect. The socket has its own Manager, which its Close
// closes too. It returns an error if the URL or the Config is invalid.
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

// Dial is New and Connect: it returns a connected socket, which the caller must close. Add handlers
// in Config.Setup: a handler that is added to the returned socket may miss events that the server
// sends at once. It fails like New and Connect; after an error, nothing is left open.
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
