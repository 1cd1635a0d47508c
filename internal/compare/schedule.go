package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shot is one message that is to be sent.
type shot struct {
	at     time.Duration // from the start of the measurement
	sender int
}

// schedule draws what is sent when, in order of time. It is the same for every
// transport in one run. Feed, chat and ack are Poisson processes: their moments
// know nothing of anybody's polling interval.
func (c Config) schedule(run int) []shot {
	random := rand.New(rand.NewPCG(c.Seed, uint64(run)+2))
	var shots []shot
	switch c.Workload {
	case Feed:
		shots = poisson(random, c.Rate, c.Duration, 0)
	case Chat, Ack:
		for sender := range c.Clients {
			shots = append(shots, poisson(random, c.Rate, c.Duration, sender)...)
		}
	case Cursor:
		for sender := range c.Clients {
			for at := time.Duration(random.Int64N(int64(time.Second / cursorHz))); at < c.Duration; at += time.Second / cursorHz {
				shots = append(shots, shot{at, sender})
			}
		}
	case Burst:
		for at := time.Duration(random.Int64N(int64(min(time.Second, c.Duration)))); at < c.Duration; at += time.Second {
			for range max(1, int(c.Rate)) {
				shots = append(shots, shot{at, 0})
			}
		}
	}
	slices.SortStableFunc(shots, func(a, b shot) int { return int(a.at - b.at) })
	return shots
}

func poisson(random *rand.Rand, rate float64, d time.Duration, sender int) []shot {
	var shots []shot
	gap := func() time.Duration { return time.Duration(random.ExpFloat64() / rate * float64(time.Second)) }
	for at := gap(); at < d; at += gap() {
		shots = append(shots, shot{at, sender})
	}
	return shots
}

// warmUp numbers the last message that is sent before the measurement.
const warmUp = -1

// greeters is how many clients send a hello. Everyone hears each, so that a thousand
// hellos would be a million deliveries.
func greeters(clients int) int { return min(clients, 50) }

// hello numbers the message that a client says of itself as soon as it is connected.
func hello(client int) int { return -2 - client }

// text is the message with that number, size bytes long. It looks random, so that
// a server that compresses gains no more than it would from people's words.
func text(number, size int) string {
	b := fmt.Appendf(make([]byte, 0, size), "%d:", number)
	random := rand.New(rand.NewPCG(uint64(number), 0))
	for len(b) < size {
		b = append(b, letters[random.IntN(len(letters))])
	}
	return string(b)
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// number reads what text wrote.
func number(text string) (int, bool) {
	digits, _, _ := strings.Cut(text, ":")
	n, err := strconv.Atoi(digits)
	return n, err == nil
}
