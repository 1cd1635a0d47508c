// Package pollclient is the client side of short polling.
package pollclient

// A Message is one entry of the server's log. Ids rise, with gaps.
type Message struct {
	ID   int64
	Text string
}

// A Client is a page: its cursor, and the messages that it has received since it was loaded.
type Client struct {
	Cursor int64
	Seen   []Message
}

// Poll asks once for the messages newer than the cursor. If the connection breaks in the middle of
// the answer, ask returns the messages that arrived and an error. Poll returns ask's error.
func (c *Client) Poll(ask func(after int64) ([]Message, error)) error {
	// TODO: show each message once, and move the cursor only past what has arrived.
	after := c.Cursor
	c.Cursor++
	messages, err := ask(after)
	if err != nil {
		return err
	}
	c.Seen = append(c.Seen, messages...)
	return nil
}
