// Package production holds the lessons on the way from a demo to a service: proxies, TLS, several
// servers, login and slow clients. Each demo has a package of its own below this one.
package production

import (
	"embed"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/production/choice"
	"realtimelab/lessons/production/cluster"
	"realtimelab/lessons/production/eavesdrop"
	"realtimelab/lessons/production/login"
	"realtimelab/lessons/production/proxies"
	"realtimelab/lessons/production/slow"
)

//go:embed *
var files embed.FS // this folder: the code, the texts, and the packages of the demos

// body returns the text in the files NAME.md and NAME.zh.md.
func body(name string) lang.Text {
	read := func(file string) string {
		text, err := files.ReadFile(file)
		if err != nil {
			panic(err) // an embedded file
		}
		return string(text)
	}
	return lang.Text{EN: read(name + ".md"), ZH: read(name + ".zh.md")}
}

// Lessons returns the lessons and their demos, in order.
func Lessons() []lesson.Lesson {
	all := []lesson.Lesson{
		{
			Name:  "production-proxies",
			Title: lang.Text{EN: "In production: proxies", ZH: "生产环境：代理"},
			Summary: lang.Text{
				EN: "What each transport survives behind a proxy that buffers, cuts or forbids, " +
					"and the configuration that helps.",
				ZH: "代理会缓冲、切断、禁止升级：每种传输还能不能用，代理该怎样配置。",
			},
			Body: body("proxies"), Demos: []lesson.Demo{proxies.Demo()},
		},
		{
			Name:  "production-tls",
			Title: lang.Text{EN: "In production: TLS and HTTP/2", ZH: "生产环境：TLS 与 HTTP/2"},
			Summary: lang.Text{
				EN: "Who on the way can read what: a CA of your own, seven tabs over HTTP/2, and " +
					"wss through proxies that tunnel and that inspect.",
				ZH: "路上谁能读到什么：自己的 CA、HTTP/2 上的七个标签页，" +
					"以及穿过隧道代理和检查代理的 wss。",
			},
			Body: body("tls"), Demos: []lesson.Demo{eavesdrop.Demo()},
		},
		{
			Name:  "production-cluster",
			Title: lang.Text{EN: "In production: many servers", ZH: "生产环境：多台服务器"},
			Summary: lang.Text{
				EN: "Sticky sessions, adapters over Redis, rolling restarts, " +
					"and what each failure costs.",
				ZH: "粘性会话、基于 Redis 的适配器、滚动重启，以及每种故障的代价。",
			},
			Body: body("cluster"), Demos: []lesson.Demo{cluster.Demo()},
		},
		{
			Name:  "production-login",
			Title: lang.Text{EN: "In production: who are you?", ZH: "生产环境：你是谁？"},
			Summary: lang.Text{
				EN: "Four ways to log in to a connection, pages of other origins that pretend to " +
					"be you, and rate limits.",
				ZH: "连接怎样认人：四种登录方式，冒充你的其他源页面，以及限速。",
			},
			Body: body("login"), Demos: []lesson.Demo{loginDemo},
		},
		{
			Name:  "production-slow",
			Title: lang.Text{EN: "Clients that read too slowly", ZH: "读得太慢的客户端"},
			Summary: lang.Text{
				EN: "Backpressure: where messages wait, and four policies for a " +
					"client that does not read them.",
				ZH: "背压：消息在哪里等，客户端不读的时候有哪四种策略。",
			},
			Body: body("slow"), Demos: []lesson.Demo{slow.Demo()},
		},
		{
			Name:  "production-choice",
			Title: lang.Text{EN: "Which transport?", ZH: "选哪种传输？"},
			Summary: lang.Text{
				EN: "One table of which each cell is measured or tested, five " +
					"questions, and twelve cases.",
				ZH: "一张每一格都测量或测试过的表，五个问题，十二种情况。",
			},
			Body: body("choice"), Demos: []lesson.Demo{choice.Demo()},
		},
	}
	for i := range all {
		all[i].Folder, all[i].Source, all[i].Pages = "lessons/production", files, files
	}
	return all
}

var loginDemo = lesson.Demo{
	Name:  "login",
	Title: lang.Text{EN: "Who are you?", ZH: "你是谁？"},
	Summary: lang.Text{
		EN: "Cookie, token, ticket or first message: what each puts on the wire, and what a page " +
			"of another origin makes of it.",
		ZH: "cookie、令牌、票据、第一条消息：各自在线路上留下什么，其他源的页面又能拿它做什么。",
	},
	Source: []string{"login/grant.go#Server.authenticate", "login/socketio.go#Server.identify",
		"login/ws.go#Server.readHello", "login/grant.go#held.tick"},
	Client: []string{"connect.js#client"},
	Start:  login.Start,
}
