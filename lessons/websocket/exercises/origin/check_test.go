//go:build exercise

package origin_test

import (
	"net/http/httptest"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/origin"
)

func ask(host, origin string) bool {
	r := httptest.NewRequest("GET", "/ws", nil)
	r.Host = host
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	return Allowed(r)
}

func TestOurs(t *testing.T) {
	for _, c := range [][2]string{{"lab.example", "https://lab.example"},
		{"lab.example", "http://lab.example"}, {"127.0.0.1:3000", "http://127.0.0.1:3000"},
		{"[::1]:3000", "http://[::1]:3000"}, {"localhost:8080", "http://localhost:8080"}} {
		if !ask(c[0], c[1]) {
			check.Fail(t,
				"A page of %[2]s wants to connect to its own server, %[1]s, and is refused.",
				"%[2]s 的页面要连自己的服务器 %[1]s，却被拒绝了。", c[0], c[1])
		}
	}
}

func TestNoBrowser(t *testing.T) {
	if !ask("lab.example", "") {
		check.Fail(t,
			"A program without an Origin is refused: only browsers send one, and only they "+
				"attach a user's cookies to the request of a strange page.",
			"没有 Origin 的程序被拒绝了：只有浏览器会发它，"+
				"也只有浏览器会在陌生页面的请求里带上用户的 cookie。")
	}
}

func TestOthers(t *testing.T) {
	for _, c := range []struct{ host, origin, en, zh string }{
		{"lab.example", "http://evil.example", "This is another host.", "这是另一台主机。"},
		{"lab.example", "http://lab.example.evil.com",
			"Line 3 of the log. Who has registered this name?",
			"这是日志的第 3 行。这个域名是谁注册的？"},
		{"lab.example", "http://evil-lab.example", "Anyone may register evil-lab.example.",
			"evil-lab.example 谁都可以注册。"},
		{"lab.example", "http://www.lab.example",
			"A subdomain is another host, and may be somebody else's.",
			"子域名是另一台主机，可能属于别人。"},
		{"lab.example", "http://evil.example/lab.example",
			"Only the host counts, not what stands in the path.", "只看主机，不看路径里写着什么。"},
		{"lab.example", "http://lab.example:8080",
			"Line 6 of the log. Which program answers at port 8080?",
			"这是日志的第 6 行。8080 端口后面是哪个程序？"},
		{"lab.example:3000", "http://lab.example",
			"Our page is at port 3000; at the default port there may be another program.",
			"我们的页面在 3000 端口；默认端口后面可能是另一个程序。"},
		{"127.0.0.1:3000", "http://127.0.0.1:30001",
			"Port 30001 is not port 3000, though it begins with the same digits.",
			"30001 端口不是 3000 端口，虽然开头的数字一样。"},
		{"lab.example", "http://lab.example@evil.com",
			"The part before the @ is a user's name; the host is evil.com.",
			"@ 前面的是用户名；主机是 evil.com。"},
		{"lab.example", "null",
			"Line 5 of the log. A page in a sandboxed iframe sends this, and anybody can make one.",
			"这是日志的第 5 行。沙箱 iframe 里的页面发的就是它，谁都能做一个。"},
		{"lab.example", "ftp://lab.example", "This is neither http nor https.",
			"这既不是 http 也不是 https。"},
		{"lab.example", "lab.example", "An origin has a scheme: a browser never sends this.",
			"来源要有协议；浏览器不会发这样的来源。"},
		{"lab.example", "://", "This is not an origin.", "这根本不是来源。"},
		{"", "null", "The request has no Host, and an origin without a host does not match that.",
			"没有 Host，没有主机的来源也不能算和它相同。"},
	} {
		if ask(c.host, c.origin) {
			check.Fail(t, "Origin: %[2]s may connect to %[1]s. "+c.en,
				"Origin: %[2]s 居然可以连 %[1]s。"+c.zh, c.host, c.origin)
		}
	}
}

func TestCase(t *testing.T) {
	for _, c := range [][2]string{{"Lab.Example:3000", "http://lab.example:3000"},
		{"lab.example", "https://LAB.example"}} {
		if !ask(c[0], c[1]) {
			check.Fail(t,
				"Line 7 of the log. Host: %s, Origin: %s, and the page is refused: upper and "+
					"lower case are the same in a host.",
				"日志的第 7 行。Host: %s，Origin: %s，页面被拒绝了：主机名不分大小写。", c[0], c[1])
		}
	}
}
