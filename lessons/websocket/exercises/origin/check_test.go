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
	for _, c := range [][2]string{{"lab.example", "https://lab.example"}, {"127.0.0.1:3000", "http://127.0.0.1:3000"}, {"[::1]:3000", "http://[::1]:3000"}} {
		if !ask(c[0], c[1]) {
			check.Fail(t, "A page of %[2]s wants to connect to its own server, %[1]s, and is refused.", "%[2]s 的页面要连自己的服务器 %[1]s，却被拒绝了。", c[0], c[1])
		}
	}
	if !ask("Lab.Example:3000", "http://lab.example:3000") {
		check.Fail(t, "A proxy passed the request on with Host: Lab.Example:3000, the browser's origin is in lower case, and the page is refused: the case of a host means nothing.",
			"代理转发时写的是 Host: Lab.Example:3000，浏览器的来源是小写，页面就被拒绝了：主机名不分大小写。")
	}
}

func TestNoBrowser(t *testing.T) {
	if !ask("lab.example", "") {
		check.Fail(t, "A program without an Origin is refused: only browsers send one, and only they carry a user's cookies to a page they do not trust.",
			"没有 Origin 的程序被拒绝了：只有浏览器会发它，也只有浏览器会把用户的 Cookie 带给不可信的页面。")
	}
}

func TestOthers(t *testing.T) {
	for _, c := range []struct{ host, origin, en, zh string }{
		{"lab.example", "http://evil.example", "This is another host.", "这是另一台主机。"},
		{"lab.example", "http://lab.example.evil.com", "Its name begins like ours, and belongs to somebody else.", "它的名字开头和我们一样，却是别人的。"},
		{"lab.example", "http://evil-lab.example", "Its name ends like ours, and belongs to somebody else.", "它的名字结尾和我们一样，却是别人的。"},
		{"lab.example", "http://lab.example:8080", "Another port is another origin: there may be another program behind it.", "端口不同就是另一个来源：后面可能是另一个程序。"},
		{"127.0.0.1:3000", "http://127.0.0.1:30001", "Another port is another origin, even if it begins with the same digits.", "端口不同就是另一个来源，哪怕开头的数字一样。"},
		{"lab.example", "http://lab.example@evil.com", "What stands before the @ is a user's name; the host is evil.com.", "@ 前面的是用户名；主机是 evil.com。"},
		{"lab.example", "null", "This is what a page in a sandbox says, or a file: anybody can make one.", "这是沙箱里的页面或者本地文件会说的：谁都能做一个。"},
		{"lab.example", "://", "This is no origin at all.", "这根本不是来源。"},
	} {
		if ask(c.host, c.origin) {
			check.Fail(t, "Origin: %[2]s may connect to %[1]s. "+c.en, "Origin: %[2]s 居然可以连 %[1]s。"+c.zh, c.host, c.origin)
		}
	}
}
