package compare

import (
	"math/rand/v2"
	"slices"
	"time"

	"realtimelab/internal/lang"
)

// A Load describes the messages that every lane carries in one run.
type Load struct {
	Workload string        `json:"workload"`
	Clients  int           `json:"clients"`
	Rate     float64       `json:"rate"` // see the workloads
	Size     int           `json:"size"` // bytes of a message's text
	Duration time.Duration `json:"-"`    // of the measurement
}

// Bounds of a Load. The smallest text holds the message's own label.
const (
	maxClients = 1000
	minSize    = 16
	maxSize    = 16 << 10

	// feedHistory is the number of messages that the lessons' feed keeps. feedQueue is the number
	// of messages by which a subscriber may fall behind.
	feedHistory = 1000
	feedQueue   = 256

	cursorHz = 60
)

// workload returns the workload, or one that sends nothing if the name is unknown.
func (l Load) workload() Workload {
	if w, ok := FindWorkload(l.Workload); ok {
		return w
	}
	return workloads[0]
}

// check returns what is wrong with l for any lanes and any network.
func (l Load) check() error {
	w, ok := FindWorkload(l.Workload)
	switch {
	case !ok:
		return unknown("workload", l.Workload, Workloads())
	case l.Clients < 1 || l.Clients > maxClients:
		return lang.Errorf("clients %d: want 1 to %d",
			"clients %d：应为 1 到 %d", l.Clients, maxClients)
	case !(l.Rate > 0 && l.Rate <= 10_000):
		return lang.Errorf("rate %g: want more than 0 and at most 10000 messages a second",
			"rate %g：应大于 0，最多每秒 10000 条消息", l.Rate)
	case l.Size < minSize || l.Size > maxSize:
		return lang.Errorf("size %d: want %d to %d bytes",
			"size %d：应为 %d 到 %d 字节", l.Size, minSize, maxSize)
	case l.Duration < 100*time.Millisecond || l.Duration > time.Hour:
		return lang.Errorf("duration %s: want 100ms to 1h",
			"duration %s：应为 100ms 到 1h", l.Duration)
	}
	if n := l.perSecond() * l.Duration.Seconds(); n > 1e6 {
		return lang.Errorf("%.0f messages in one run: want at most a million",
			"一轮 %.0f 条消息：最多一百万条", n)
	}
	if w.check != nil {
		return w.check(l)
	}
	return nil
}

// senders returns the number of clients that send.
func (l Load) senders() int {
	if l.workload().OneSender {
		return 1
	}
	return l.Clients
}

// perSecond returns the messages that all senders together send in a second.
func (l Load) perSecond() float64 { return float64(l.senders()) * l.workload().rate(l) }

// heardBits returns the bits of text that one client hears in a second.
func (l Load) heardBits() float64 {
	heard := l.heardPerSecond()
	if w := l.workload(); w.Asks {
		heard = w.rate(l)
	}
	return heard * float64(l.Size) * 8
}

// heardPerSecond returns the messages that one server or room distributes in a second.
func (l Load) heardPerSecond() float64 {
	if w := l.workload(); w.Rooms {
		return float64(min(roomSize, l.Clients)) * w.rate(l)
	}
	return l.perSecond()
}

// roomSize is the number of clients in a room. The last room may have fewer.
const roomSize = 5

// room returns the room of a client. Without rooms, all are in one.
func (l Load) room(client int) int {
	if l.workload().Rooms {
		return client / roomSize
	}
	return 0
}

// audience returns the number of clients that should receive a message of that sender.
func (l Load) audience(sender int) int {
	switch w := l.workload(); {
	case w.Asks:
		return 1
	case w.Rooms:
		return min(roomSize, l.Clients-l.room(sender)*roomSize)
	}
	return l.Clients
}

// deliveries returns the number of deliveries of all messages together.
func (l Load) deliveries(shots []shot) (sum int) {
	for _, s := range shots {
		sum += l.audience(s.sender)
	}
	return sum
}

// shot is one message of the schedule.
type shot struct {
	at     time.Duration // from the start of the measurement
	sender int
	id     int64 // of the message, in a feed of the sender's room
}

// schedule draws the shots, in order of time. All lanes of a run have the same.
func (l Load) schedule(seed uint64, run int) []shot {
	random := rand.New(rand.NewPCG(seed, uint64(run)+2))
	var shots []shot
	for sender := range l.senders() {
		for _, at := range l.workload().times(random, l) {
			shots = append(shots, shot{at: at, sender: sender})
		}
	}
	slices.SortStableFunc(shots, func(a, b shot) int { return int(a.at - b.at) })
	last := map[int]int64{} // by room: the hellos, the warm-up, and then these
	for i := range greeters(l.Clients) {
		last[l.room(i)]++
	}
	for n, s := range shots {
		room := l.room(s.sender)
		last[room]++
		shots[n].id = last[room] + 1
	}
	return shots
}
