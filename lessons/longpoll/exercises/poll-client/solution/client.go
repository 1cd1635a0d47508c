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
	messages, err := ask(c.Cursor)
	for _, m := range messages {
		if m.ID <= c.Cursor {
			continue
		}
		c.Seen = append(c.Seen, m)
		c.Cursor = m.ID
	}
	return err
}
