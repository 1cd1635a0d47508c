package compare

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"realtimelab/internal/latency"
)

// In the workload ticker every second client is slow. A client keeps the newest value and draws it
// once a frame.
const (
	fastFrame  = time.Second / 60
	slowValues = 3                     // values sent during one frame of a slow client
	ageStep    = 10 * time.Millisecond // between two looks at a client's screen
)

// The speeds of the clients, as indexes.
const (
	fast = iota
	slow
)

// frame returns the time between two drawings of a client.
func (l Load) frame(client int) time.Duration {
	if client%2 == fast {
		return fastFrame
	}
	return max(fastFrame, time.Duration(slowValues/l.Rate*float64(time.Second)))
}

// arrival is a value that reached a client.
type arrival struct {
	at     time.Duration // from the start of the measurement
	number int
}

// screens holds the values that the screens of all clients showed, by speed.
type screens [2]struct {
	values int // that were sent to these clients
	drawn  int
	ages   *hdrhistogram.Histogram // of the values on the screens, at each ageStep
}

// watchScreens draws the values of all clients as they arrived.
func (l Load) watchScreens(arrivals [][]arrival, shots []shot) (s screens) {
	s[fast].ages, s[slow].ages = latency.New(), latency.New()
	for client, came := range arrivals {
		speed := client % 2
		s[speed].values += len(shots)
		s[speed].drawn += draw(came, shots, l.frame(client), l.Duration, s[speed].ages)
	}
	return s
}

// draw draws the newest value once a frame until the last one that arrived is drawn, and returns
// the number of drawn values. Ages count until the end.
func draw(came []arrival, shots []shot, frame, end time.Duration,
	ages *hdrhistogram.Histogram) (drawn int) {
	shown, newest, look := -1, -1, time.Duration(0)
	for at := frame; at <= end || len(came) > 0; at += frame {
		for ; look < at; look += ageStep {
			if shown >= 0 && look <= end {
				latency.Record(ages, look-shots[shown].at)
			}
		}
		for len(came) > 0 && came[0].at <= at {
			newest = max(newest, came[0].number)
			came = came[1:]
		}
		if newest > shown {
			shown = newest
			drawn++
		}
	}
	return drawn
}
