// Package concurrentwrite sends the frames of one client.
package concurrentwrite

import "io"

// Peer is the connection of one client, made by NewPeer.
type Peer struct {
	conn io.Writer
}

// NewPeer returns a Peer that writes to conn.
func NewPeer(conn io.Writer) *Peer { return &Peer{conn: conn} }

// Send sends a text message of at most 125 bytes. It may be called from any goroutine.
func (p *Peer) Send(text string) error { return p.frame(0x81, text) }

// Ping sends a ping. It may be called from any goroutine.
func (p *Peer) Ping(payload string) error { return p.frame(0x89, payload) }

func (p *Peer) frame(first byte, payload string) error {
	if _, err := p.conn.Write([]byte{first, byte(len(payload))}); err != nil {
		return err
	}
	_, err := io.WriteString(p.conn, payload)
	return err
}
