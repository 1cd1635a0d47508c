// Package pollclient is the client side of short polling.
package pollclient

// Message is one entry of the server's log. Ids rise; some may be missing.
type Message struct {
	ID   int64
	Text string
}

// Client is a page: what it shows, and how far it is.
type Client struct {
	Cursor int64
	Seen   []Message
}

// Poll asks once for what is newer than the cursor. ask may fail, and may fail after a part of the answer: then it returns
// that part and the error. Poll returns ask's error.
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
