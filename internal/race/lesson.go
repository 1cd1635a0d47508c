// Package race is the live page of the comparison. Every transport carries the same messages to the
// same browser at the same time, each from its own server and over its own simulated network.
package race

import (
	"crypto/tls"
	_ "embed"
	"io/fs"
	"net"

	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// Name is the name of the lesson and of its demo.
const Name = "compare"

// Folder is the folder of this package in the repository.
const Folder = "internal/race"

//go:embed lesson.md
var english string

//go:embed lesson.zh.md
var chinese string

// A Config configures the comparison's page.
type Config struct {
	Lessons []lesson.Lesson // their demos race
	Web     fs.FS           // pages/compare/

	// Listen opens the listener of a lane, to which the browser connects.
	Listen func() (net.Listener, error)

	// Key unlocks the controls, which change the race for all viewers.
	Key host.Key

	// Hosts lists further names that the lanes answer to, besides those of their listeners.
	Hosts []string

	// TLS makes the lanes speak https and wss, over HTTP/1.1. The meters are above it and count what
	// they count without it. Nil means http and ws.
	TLS *tls.Config

	Net  netsim.Link // initial network of every lane
	Seed uint64      // random seed of the networks
}

// Lesson returns the comparison as a lesson with one demo.
func Lesson(c Config) lesson.Lesson {
	return lesson.Lesson{
		Name:  Name,
		Title: lang.Text{EN: "The transports side by side", ZH: "各种传输并排比较"},
		Summary: lang.Text{
			EN: "The same messages at the same time over all seven transports: the cost and the delay of each.",
			ZH: "同样的消息、同样的时刻，七种传输一起送：各花多少，各晚多久。",
		},
		Body:   lang.Text{EN: english, ZH: chinese},
		Folder: Folder,
		Demos: []lesson.Demo{{
			Name:  Name,
			Title: lang.Text{EN: "The race", ZH: "赛跑"},
			Summary: lang.Text{
				EN: "Seven lanes carry the same messages to this browser, each over its own connection. Change the rate, the polling interval and the network while they run.",
				ZH: "七条跑道把同样的消息送到这个浏览器，各走各的连接。消息速率、轮询间隔和网络都可以边跑边调。",
			},
			Start: c.start,
		}},
	}
}
