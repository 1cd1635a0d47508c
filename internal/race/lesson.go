// Package race is the comparison to look at: a page on which every transport carries
// the same messages to the same browser at the same time, each from a server and
// over a simulated network of its own.
package race

import (
	_ "embed"
	"io/fs"
	"net"

	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// Name is the name of the lesson, and of its demo.
const Name = "compare"

//go:embed lesson.md
var english string

//go:embed lesson.zh.md
var chinese string

// Config of the comparison's page.
type Config struct {
	Lessons []lesson.Lesson // whose demos race
	Web     fs.FS           // pages/compare/

	// Listen opens the listener of a lane, which the browser connects to.
	Listen func() (net.Listener, error)

	Net  netsim.Link // of every lane, to begin with
	Seed uint64      // of its chances
}

// Lesson is the comparison as a lesson, with one demo.
func Lesson(c Config) lesson.Lesson {
	return lesson.Lesson{
		Name:  Name,
		Title: lesson.Text{EN: "The transports side by side", ZH: "各种传输并排比较"},
		Summary: lesson.Text{
			EN: "The same messages at the same moments over all seven: what each costs, and how late it is.",
			ZH: "同样的消息、同样的时刻，七种传输一起送：各花多少，各晚多久。",
		},
		Body: lesson.Text{EN: english, ZH: chinese},
		Demos: []lesson.Demo{{
			Name:  Name,
			Title: lesson.Text{EN: "The race", ZH: "赛跑"},
			Summary: lesson.Text{
				EN: "Seven lanes carry the same messages to this browser, each over its own connection. Change the rate, the polling interval and the network while they run.",
				ZH: "七条跑道把同样的消息送到这个浏览器，各走各的连接。消息速率、轮询间隔和网络都可以边跑边调。",
			},
			Start: c.start,
		}},
	}
}
