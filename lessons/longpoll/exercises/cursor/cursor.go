// Package cursor is the whole server side of short polling: what is newer than the cursor?
package cursor

// Message is one entry of the log.
type Message struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// Since returns the messages of the log that are newer than the cursor, oldest first. The log is in the order of its ids.
func Since(log []Message, after int64) []Message {
	// TODO: pick what is newer than the cursor.
	return log
}

// Next returns the cursor to ask with next, after the page asked with after and was answered.
func Next(after int64, answer []Message) int64 {
	// TODO: where is the page now?
	return after + 1
}
