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
	answer := []Message{}
	for _, m := range log {
		if m.ID > after {
			answer = append(answer, m)
		}
	}
	return answer
}

// Next returns the page's next cursor. The page has asked with after and received answer.
func Next(after int64, answer []Message) int64 {
	if len(answer) == 0 {
		return after
	}
	return answer[len(answer)-1].ID
}
