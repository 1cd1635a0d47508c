// Package namespaces routes the packets of one connection to its namespaces.
package namespaces

import "errors"

// ErrProtocol reports a breach of the protocol by the client. The caller closes the connection.
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
	Namespaces map[string]func(data string) // name to handler of events; the same for all clients
	NewID      func() string                // returns a new id with each call
}

// Receive handles one packet from the client. It returns the answer, or nil.
func (c *Client) Receive(p Packet) (*Packet, error) {
	// TODO: this takes every client for joined, everywhere.
	if p.Type == Connect {
		return &Packet{Connect, "/", "{\"sid\":\"" + c.NewID() + "\"}"}, nil
	}
	c.Namespaces[p.Namespace](p.Data)
	return nil, nil
}
