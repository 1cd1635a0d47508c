//go:build exercise

package onetimeticket_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/one-time-ticket"
)

// server keeps the log. inNow runs once, inside a call of Now.
type server struct {
	tickets *Tickets

	mu    sync.Mutex
	lines []string
	inNow func()
}

func newServer() *server {
	s := &server{}
	s.tickets = NewTickets(Config{
		Session: func(r *http.Request) string {
			if c, err := r.Cookie("session"); err == nil {
				return strings.TrimPrefix(c.Value, "valid-")
			}
			return ""
		},
		Now: func() time.Time {
			s.mu.Lock()
			f := s.inNow
			s.inNow = nil
			s.mu.Unlock()
			if f != nil {
				f()
			}
			return time.Now()
		},
		Log: func(line string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.lines = append(s.lines, line)
		},
	})
	return s
}

func (s *server) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

func (s *server) post(user string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/ticket?user=mallory", nil)
	if user != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: "valid-" + user})
	}
	w := httptest.NewRecorder()
	s.tickets.Issue(w, r)
	return w
}

// issue gets a ticket for a user who is logged in.
func (s *server) issue(t *testing.T, user string) string {
	t.Helper()
	w := s.post(user)
	check.Value(t, "status", w.Code, http.StatusCreated, "%s is logged in and asks for a ticket.",
		"%s 已经登录，来要一张票。", user)
	var answer struct{ Ticket string }
	if json.Unmarshal(w.Body.Bytes(), &answer) != nil || answer.Ticket == "" {
		check.Fail(t, "The page expects {\"ticket\":\"…\"} and gets: %s",
			"页面等的是 {\"ticket\":\"…\"}，得到的却是：%s", w.Body)
	}
	return answer.Ticket
}

// admit opens a WebSocket as the page does: it puts the ticket behind the URL.
func (s *server) admit(ticket string) (user string, ok bool) {
	r := httptest.NewRequest("GET", "/ws", nil)
	r.URL.RawQuery = "ticket=" + ticket
	return s.tickets.Admit(r)
}

func TestLoggedIn(t *testing.T) {
	s := newServer()
	w := s.post("")
	check.Value(t, "status", w.Code, http.StatusUnauthorized,
		"A visitor without a session asks for a ticket: the answer is 401.",
		"没有登录的访客来要票：应答是 401。")
	if strings.Contains(w.Body.String(), `"ticket"`) || s.tickets.Open() > 0 {
		check.Fail(t,
			"A visitor without a session was refused, and a ticket was made for him nevertheless.",
			"没有登录的访客被拒绝了，却还是为他生成了一张票。")
	}
	w = s.post("ann")
	check.Value(t, "Cache-Control", w.Header().Get("Cache-Control"), "no-store",
		"The answer is a secret: no cache may keep it.", "应答是机密：任何缓存都不能保存它。")
}

var urlSafe = regexp.MustCompile(`^[A-Za-z0-9_.~-]*$`)

func TestRandom(t *testing.T) {
	s := newServer()
	seen := map[string]bool{}
	for range 300 {
		ticket := s.issue(t, "ann")
		if seen[ticket] {
			check.Fail(t, "The ticket %q was issued twice.", "票 %q 发了两次。", ticket)
		}
		seen[ticket] = true
		if !urlSafe.MatchString(ticket) {
			check.Fail(t,
				"The page puts the ticket %q into the URL as it is: %q. A + arrives as a space; "+
					"use an alphabet that is safe in URLs.",
				"页面把票 %q 原样放进 URL：%q。+ 到了服务器会变成空格；请用 URL 里安全的字母表。",
				ticket, "/ws?ticket="+ticket)
		}
		if len(ticket) < 22 { // 128 bits in base64
			check.Fail(t,
				"The ticket %q has %d characters. A ticket of 128 random bits has at least 22.",
				"票 %q 有 %d 个字符。128 个随机位至少要 22 个字符。", ticket, len(ticket))
		}
		if value, err := url.QueryUnescape(ticket); err != nil || value != ticket {
			check.Fail(t, "The ticket %q changes on its way through a URL.",
				"票 %q 经过 URL 会变。", ticket)
		}
	}
}

func TestWhoComesIn(t *testing.T) {
	s := newServer()
	bob, ann := s.issue(t, "bob"), s.issue(t, "ann")
	if user, ok := s.admit(ann + "&user=admin"); !ok || user != "ann" {
		check.Fail(t,
			"ann's ticket comes with &user=admin, and Admit returns %q, %v: the user is the one "+
				"who asked for the ticket, in a session. Everything else is a claim.",
			"ann 的票带着 &user=admin 来了，Admit 返回 %q、%v："+
				"票是发给谁的，用户就是谁，别的都只是自称。", user, ok)
	}
	if user, ok := s.admit(bob); !ok || user != "bob" {
		check.Fail(t, "bob's ticket is valid, and Admit returns %q, %v.",
			"bob 的票有效，Admit 却返回 %q、%v。", user, ok)
	}
	one, two := s.issue(t, "ann"), s.issue(t, "ann")
	for _, ticket := range []string{one, two} {
		if user, ok := s.admit(ticket); !ok || user != "ann" {
			check.Fail(t, "ann has two tabs, each with a ticket, and one of them is refused.",
				"ann 开了两个标签页，各有一张票，其中一个却被拒绝了。")
		}
	}
}

func TestOnce(t *testing.T) {
	s := newServer()
	ticket := s.issue(t, "ann")
	s.admit(ticket)
	if user, ok := s.admit(ticket); ok || user != "" {
		check.Fail(t,
			"A ticket was used, and opens the door a second time (%q, %v): a copy "+
				"of the URL is as good as a password.",
			"票用过了，却又能用一次（%q、%v）：谁抄到 URL，就等于拿到了密码。", user, ok)
	}
}

// TestOnceAtTheSameTime: while Admit looks at the clock, the same ticket comes again.
func TestOnceAtTheSameTime(t *testing.T) {
	// so that yielding lets the other goroutine go on
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := newServer()
	ticket := s.issue(t, "ann")
	other := make(chan bool, 1)
	s.inNow = func() {
		go func() { _, ok := s.admit(ticket); other <- ok }()
		for range 10_000 { // yield, so that it gets as far as it can
			if len(other) > 0 {
				return
			}
			runtime.Gosched()
		}
	}
	_, first := s.admit(ticket)
	s.mu.Lock()
	looked := s.inNow == nil
	s.mu.Unlock()
	if !looked {
		check.Fail(t, "Admit has not called Now: it does not know how old the ticket is.",
			"Admit 没有调用 Now：它不知道这张票有多旧。")
	}
	if second := <-other; first == second {
		check.Fail(t,
			"Two handshakes with the same ticket came at the same time, and their results "+
				"were %v and %v: exactly one may come in. Look the ticket "+
				"up and delete it in one step.",
			"两个握手同时带来同一张票，结果是 %v 和 %v：只能放进来一个。查票和删票要在一步里完成。",
			first, second)
	}
}

func TestShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		inTime, late := s.issue(t, "ann"), s.issue(t, "ann")
		time.Sleep(Lifetime - time.Second)
		if _, ok := s.admit(inTime); !ok {
			check.Fail(t, "A ticket is refused one second before its time is over.",
				"离到期还有一秒，票就被拒绝了。")
		}
		time.Sleep(2 * time.Second)
		if user, ok := s.admit(late); ok || user != "" {
			check.Fail(t,
				"A ticket is %v old, and Admit returns %q, %v: who finds it "+
					"in a log or a history comes in.",
				"票已经 %v 了，Admit 返回 %q、%v：谁在日志或历史记录里找到它，谁就能进来。",
				Lifetime+time.Second, user, ok)
		}
	})
}

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		for range 500 {
			s.issue(t, "ann")
		}
		time.Sleep(Lifetime / 2)
		mid := s.issue(t, "bob")
		time.Sleep(Lifetime/2 + time.Second)
		s.issue(t, "ann")
		check.Value(t, "tickets in memory", s.tickets.Open(), 2,
			"500 tickets were never used and are too old now, and two are still valid: the old "+
				"ones must not stay in memory until the next restart.",
			"500 张票从没用过，已经过期，还有两张有效：过期的不能一直占着内存，直到下次重启。")
		if _, ok := s.admit(mid); !ok {
			check.Fail(t, "A valid ticket was removed together with the old ones.",
				"有效的票和过期的一起被删掉了。")
		}
		check.Value(t, "tickets in memory", s.tickets.Open(), 1,
			"A used ticket must not stay in memory.", "用过的票不能留在内存里。")
	})
}

func TestGuessing(t *testing.T) {
	s := newServer()
	ticket := s.issue(t, "ann")
	guesses := []string{"", ticket[:len(ticket)-1], ticket[:1], ticket + "A", ticket + "%00",
		ticket + "%20", "%20" + ticket, "ann", "*"}
	for _, other := range []string{strings.ToLower(ticket), strings.ToUpper(ticket)} {
		if other != ticket {
			guesses = append(guesses, other)
		}
	}
	for _, guess := range guesses {
		if user, ok := s.admit(guess); ok || user != "" {
			check.Fail(t,
				"The ticket is %q, and ticket=%s comes in as %q, %v: only the "+
					"whole ticket counts, byte for byte.",
				"票是 %q，ticket=%s 却得到 %q、%v：必须是整张票，逐字节相同。", ticket, guess,
				user, ok)
		}
	}
	if _, ok := s.admit(ticket); !ok {
		check.Fail(t, "Somebody guessed wrong tickets, and after that ann's own is refused.",
			"有人猜了几张错的票，之后 ann 自己的票就被拒绝了。")
	}
}

// TestPredictable: two servers start at the same time, and the same things happen.
func TestPredictable(t *testing.T) {
	var tickets []string
	for range 2 {
		synctest.Test(t, func(t *testing.T) { // its clock begins at the same instant
			tickets = append(tickets, newServer().issue(t, "ann"))
		})
	}
	one, two := tickets[0], tickets[1]
	same := 0
	for i := range min(len(one), len(two)) {
		if one[i] == two[i] {
			same++
		}
	}
	if same > len(one)/2 {
		check.Fail(t,
			"Two servers started at the same instant and issued the tickets %q and %q for the "+
				"same user. They are made from the clock, a counter, or a name, and those can be "+
				"guessed. Use crypto/rand.",
			"两台服务器在同一时刻启动，给同一个用户发的票是 %q 和 %q。它们是用时钟、"+
				"计数或名字做成的，可以猜到。请用 crypto/rand。", one, two)
	}
}

func TestLog(t *testing.T) {
	s := newServer()
	ticket := s.issue(t, "ann")
	s.admit(ticket)
	s.admit("forged-ticket")
	log := s.log()
	for _, secret := range []string{ticket, "forged-ticket", ticket[:6], "forged"} {
		if strings.Contains(log, secret) {
			check.Fail(t,
				"The log contains %q, which is a ticket or a piece of one: everybody who reads "+
					"logs could use it, and wrong ones are often mistyped right ones.\n%s",
				"日志里有 %q，这是一张票或票的一部分："+
					"看得到日志的人都可以拿去用，而错的票往往是抄错的真票。\n%s", secret, log)
		}
	}
	if n := strings.Count(log, "/ws"); n != 2 || !strings.Contains(log, "ann") {
		check.Fail(t,
			"Two handshakes were decided, and the log has %d lines with /ws. Each decision is "+
				"logged with its path and its user:\n%s",
			"判断了两次握手，日志里有 /ws 的行是 %d 行。每次判断都要记下路径和用户：\n%s", n, log)
	}
}
