package comparison

import (
	"time"

	"realtimelab/internal/lang"
)

// A round is one part of the show: fixed conditions, and changes at fixed times that the server
// makes, so that all viewers see the same.
type round struct {
	Name  string    `json:"name"`
	Title lang.Text `json:"title"`
	Says  lang.Text `json:"says"` // what happens in the round
	Wins  measure   `json:"wins"`

	length time.Duration
	rate   float64
	net    string
	steps  []step // in order of time
}

// roundInterval is the interval of short polling in a round, in ms.
const roundInterval = 1000

// A measure is the figure that decides a round: the lane with the least wins.
type measure string

const (
	byBytes   measure = "bytes"   // bytes a message, both ways
	byDelay   measure = "delay"   // median latency
	bySilence measure = "silence" // longest time without a message
)

// A step happens at a time of a round.
type step struct {
	at       time.Duration // after the round's start
	blackout bool
	reset    bool
}

// rounds lists the rounds of the show, in order.
func rounds() []round {
	return []round{
		{
			Name: "calm", Title: lang.Text{EN: "Calm", ZH: "平静"}, Wins: byBytes,
			Says: lang.Text{
				EN: "Two messages a second over Wi-Fi; short polling asks every " +
					"second. The fewest bytes a message win.",
				ZH: "Wi-Fi，每秒 2 条消息，短轮询每秒问一次。每条消息字节最少者胜。",
			},
			length: 15 * time.Second, rate: 2, net: "wifi",
		},
		{
			Name: "rush", Title: lang.Text{EN: "Rush", ZH: "高峰"}, Wins: byDelay,
			Says: lang.Text{
				EN: "50 messages a second over 3G; short polling asks every second. " +
					"The lowest median latency wins.",
				ZH: "3G，每秒 50 条消息，短轮询每秒问一次。延迟中位数最低者胜。",
			},
			length: 20 * time.Second, rate: 50, net: "3g",
		},
		{
			Name: "tunnel", Title: lang.Text{EN: "Tunnel", ZH: "隧道"}, Wins: bySilence,
			Says: lang.Text{
				EN: "10 messages a second over 4G; short polling asks every second. After 5 s " +
					"every packet is lost for 3 s. The shortest silence wins.",
				ZH: "4G，每秒 10 条消息，短轮询每秒问一次。5 秒后，" +
					"所有数据包丢失 3 秒。中断时间最短者胜。",
			},
			length: 20 * time.Second, rate: 10, net: "4g",
			steps: []step{{at: 5 * time.Second, blackout: true}},
		},
		{
			Name: "crash", Title: lang.Text{EN: "Crash", ZH: "崩溃"}, Wins: bySilence,
			Says: lang.Text{
				EN: "10 messages a second over 4G; short polling asks every second. Every " +
					"connection is reset after 5 s and after 12 s. The fewest lost messages win, " +
					"then the shortest silence.",
				ZH: "4G，每秒 10 条消息，短轮询每秒问一次。第 5 秒和第 12 秒，所有连接被重置。" +
					"丢失消息最少者胜；相同时，中断时间最短者胜。",
			},
			length: 20 * time.Second, rate: 10, net: "4g",
			steps: []step{{at: 5 * time.Second, reset: true}, {at: 12 * time.Second, reset: true}},
		},
	}
}
