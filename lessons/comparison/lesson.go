// Package comparison is the lesson that compares the transports, and its live page. Every lane
// carries the same messages to the same browser at the same time, each from its own server and over
// its own simulated network.
package comparison

import (
	"embed"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/comparison/webtransport"
)

//go:embed *.go anyserver/*.mjs anyserver/*.py
var source embed.FS

//go:embed lesson.md
var english string

//go:embed lesson.zh.md
var chinese string

// Lesson describes the comparison, and its demo.
func Lesson() lesson.Lesson {
	return lesson.Lesson{
		Name:  "compare",
		Title: lang.Text{EN: "The transports side by side", ZH: "各种传输并排比较"},
		Summary: lang.Text{
			EN: "The same messages at the same time over every transport: " +
				"the cost and the latency of each.",
			ZH: "同样的消息、同样的时刻，每一种传输一起送：各花多少，各晚多久。",
		},
		Body:   lang.Text{EN: english, ZH: chinese},
		Folder: "lessons/comparison",
		Source: source,
		Demos: []lesson.Demo{{
			Name:  "compare",
			Title: lang.Text{EN: "The live comparison", ZH: "现场比较"},
			Summary: lang.Text{
				EN: "The lanes carry the same messages to this browser, each over its own " +
					"connection. Four rounds, a bet before each, and a podium after it.",
				ZH: "各条跑道把同样的消息送到这个浏览器，各走各的连接。" +
					"四个回合：先下注，再看领奖台。",
			},
			OwnNet: true,
			Lanes:  webtransport.Lanes(),
			Start:  start,
		}},
	}
}
