// Package cursor is the server side of short polling, and the page's cursor.
package cursor

// A Message is one entry of the log.
type Message struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// Since returns the messages of the log that are newer than the cursor, oldest first. The log is
// sorted by id. Since does not change it.
func Since(log []Message, after int64) []Message {
	// TODO: return only the messages newer than the cursor.
	return log
}

// Next returns the page's next cursor. The page has asked with after and received answer.
func Next(after int64, answer []Message) int64 {
	// TODO: which message does the page have now?
	return after + 1
}
