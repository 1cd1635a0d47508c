// Package cursor is the whole server side of short polling: what is newer than the cursor?
package cursor

// Message is one entry of the log.
type Message struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// Since returns the messages of the log that are newer than the cursor, oldest first. The log is in the order of its ids.
func Since(log []Message, after int64) []Message {
	answer := []Message{}
	for _, m := range log {
		if m.ID > after {
			answer = append(answer, m)
		}
	}
	return answer
}

// Next returns the cursor to ask with next, after the page asked with after and was answered.
func Next(after int64, answer []Message) int64 {
	if len(answer) == 0 {
		return after
	}
	return answer[len(answer)-1].ID
}
