// Package namespaces routes the packets of one connection to its namespaces.
package namespaces

import "errors"

// ErrProtocol says that the client broke the protocol; its connection is to be closed.
var ErrProtocol = errors.New("protocol error")

// The types of packets.
const (
	Connect = iota
	Disconnect
	Event
	Ack
	ConnectError
)

// Packet is one packet, taken apart.
type Packet struct {
	Type      int
	Namespace string
	Data      string // JSON
}

// Client is one connection.
type Client struct {
	Namespaces map[string]func(data string) // those that exist, with their handlers of events
	NewID      func() string                // another id with each call
}

// Receive handles one packet from the client. It returns the answer, or nil.
func (c *Client) Receive(p Packet) (*Packet, error) {
	// TODO: whoever sends an event is taken for joined, everywhere.
	if p.Type == Connect {
		return &Packet{Connect, "/", "{\"sid\":\"" + c.NewID() + "\"}"}, nil
	}
	c.Namespaces[p.Namespace](p.Data)
	return nil, nil
}
