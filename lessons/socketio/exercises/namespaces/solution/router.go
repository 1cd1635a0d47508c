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

	joined map[string]bool
}

// Receive handles one packet from the client. It returns the answer, or nil.
func (c *Client) Receive(p Packet) (*Packet, error) {
	handler, exists := c.Namespaces[p.Namespace]
	joined := c.joined[p.Namespace]
	switch {
	case p.Type == Connect && !exists:
		return &Packet{ConnectError, p.Namespace, "{\"message\":\"Invalid namespace\"}"}, nil
	case p.Type == Connect && !joined:
		return c.join(p.Namespace), nil
	case p.Type == Event && joined:
		handler(p.Data)
		return nil, nil
	case p.Type == Disconnect && joined:
		delete(c.joined, p.Namespace)
		return nil, nil
	}
	return nil, ErrProtocol
}

func (c *Client) join(namespace string) *Packet {
	if c.joined == nil {
		c.joined = map[string]bool{}
	}
	c.joined[namespace] = true
	return &Packet{Connect, namespace, "{\"sid\":\"" + c.NewID() + "\"}"}
}
