package compare

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/feed"
)

// A kind is the purpose of a message.
type kind string

const (
	scheduled kind = ""      // a message of the schedule, by its number
	hello     kind = "hello" // a client announces itself, by its number
	warmUp    kind = "warm"  // the last message before the measurement
	probe     kind = "probe" // repeated after a cut until each client has received one
)

// A label is the kind and number of a message. Its text begins with it.
type label struct {
	kind   kind
	number int
}

// greeters is the number of clients that send a hello. Every client receives each, so a thousand
// hellos would be a million deliveries.
func greeters(clients int) int { return min(clients, 50) }

// text returns the text of the message, size bytes long: the label, and words that compress like
// real text.
func (l label) text(size int) string {
	b := fmt.Appendf(make([]byte, 0, size+16), "%s%d:", l.kind, l.number)
	return string(words(b, size, rand.New(rand.NewPCG(uint64(l.number), uint64(len(l.kind))))))
}

// parseLabel reads the label of a text.
func parseLabel(text string) (label, bool) {
	head, _, _ := strings.Cut(text, ":")
	digits := strings.TrimLeft(head, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.Atoi(digits)
	return label{kind(strings.TrimSuffix(head, digits)), n}, err == nil && n >= 0
}

// id returns the id of a message in a feed that has the hellos, the warm-up, and then the messages
// of the schedule.
func (l label) id(clients int) int64 {
	switch first := greeters(clients) + 2; l.kind {
	case scheduled:
		return int64(first + l.number)
	case warmUp:
		return int64(first - 1)
	default:
		return int64(1 + l.number)
	}
}

// encode returns the bytes of a message as the workload has them: bytes, or JSON as the feed of the
// lessons makes it. A server with a feed replaces the id and the time; the order of sending makes
// the ids the same. In text, the mark stands before the kind.
func (l Load) encode(m label, shots []shot, mark kind) []byte {
	id := m.id(l.Clients)
	switch w := l.workload(); {
	case w.Bytes:
		return m.bytes(l.Size)
	case m.kind == scheduled:
		id = shots[m.number].id
	}
	return m.json(l.Size, id, mark)
}

// bytes returns the label and random bytes.
func (l label) bytes(size int) []byte {
	b := fmt.Appendf(make([]byte, 0, size), "%s%d:", l.kind, l.number)
	random := rand.New(rand.NewPCG(uint64(l.number), uint64(len(l.kind))))
	for len(b) < size {
		b = append(b, byte(random.Uint32()))
	}
	return b
}

func (l label) json(size int, id int64, mark kind) []byte {
	m := feed.Message{ID: id, From: "lab", Text: label{mark + l.kind, l.number}.text(size),
		At: feed.Time{Time: time.Now().Truncate(time.Millisecond)}}
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings, a number and a time always encode
	}
	return data
}
