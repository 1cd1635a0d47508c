package blackbox

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/exercise/check"
)

// stream is an open event stream.
type stream struct {
	*attack
	header http.Header
	lines  chan string
}

// open opens the stream; lastEventID empty sends no such header.
func (a *attack) open(path, lastEventID string) *stream {
	return a.openUntil(a.ctx, path, lastEventID)
}

// openUntil is open for a client that leaves when ctx ends.
func (a *attack) openUntil(ctx context.Context, path, lastEventID string) *stream {
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+a.host+path, nil)
	if err != nil {
		check.Fail(a, "%v", "%v", err)
	}
	req.Header.Set("Accept", "text/event-stream")
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	answered := make(chan *http.Response, 1)
	go func() {
		if res, err := a.client.Do(req); err == nil {
			answered <- res
		}
	}()
	select {
	case res := <-answered:
		s := &stream{a, res.Header, make(chan string, 1000)}
		go s.read(ctx, res)
		if res.StatusCode == http.StatusNotImplemented {
			check.Fail(a, "GET /events is not written yet: it answers 501.",
				"GET /events 还没有写：它返回的是 501。")
		}
		check.Value(a, "status", res.StatusCode, 200,
			"GET "+path+
				" must open a stream with 200: after any other status EventSource gives up.",
			"GET "+path+" 要用 200 打开流；遇到其他状态码，EventSource 就不再重连。")
		return s
	case <-time.After(quick):
		check.Fail(a,
			"GET %s: no status and no headers within %v. Flush the headers at "+
				"once, before there is a message.",
			"GET %s：%[2]v 之内没有状态也没有头部。还没有消息时就要先把它们 flush 出去。",
			path, quick)
	}
	return nil
}

func (s *stream) read(ctx context.Context, res *http.Response) {
	defer res.Body.Close()
	defer close(s.lines)
	lines := bufio.NewScanner(res.Body)
	lines.Split(splitLines())
	for lines.Scan() {
		select {
		case s.lines <- lines.Text():
		case <-ctx.Done():
			return
		}
	}
}

// splitLines splits at \n, \r\n and \r, as the HTML standard does, and leaves out a line without an
// end.
func splitLines() bufio.SplitFunc {
	afterReturn := false
	return func(data []byte, atEOF bool) (advance int, line []byte, err error) {
		if afterReturn && len(data) > 0 {
			afterReturn = false
			if data[0] == '\n' {
				advance = 1
			}
		}
		end := bytes.IndexAny(data[advance:], "\r\n")
		if end < 0 {
			return advance, nil, nil
		}
		line = data[advance : advance+end]
		afterReturn = data[advance+end] == '\r'
		return advance + end + 1, line, nil
	}
}

// event is one event of a stream.
type event struct {
	id, name, data string
	wire           string
}

// event returns the next event with data.
func (s *stream) event(why, zh string) event {
	var lines []string
	timeout := time.After(quick)
	for {
		select {
		case line, open := <-s.lines:
			switch {
			case !open:
				check.Fail(s, why+" But the stream ended.", zh+"可是流结束了。")
			case line != "":
				lines = append(lines, line)
			default:
				if e, deliver := parseEvent(lines); deliver {
					return e
				}
				lines = nil
			}
		case <-timeout:
			if len(lines) > 0 {
				check.Fail(s, why+" Only %q came, without the empty line that ends an event.",
					zh+"只来了 %q，没有空行：空行才结束一个事件。", strings.Join(lines, "\n"))
			}
			check.Fail(s, why+" No event came within %v.", zh+"%v 之内没有事件到来。", quick)
		}
	}
}

// parseEvent reads the lines of an event (HTML standard, section 9.2.6). An event without data is
// not delivered.
func parseEvent(lines []string) (e event, deliver bool) {
	var data []string
	for _, line := range lines {
		name, value, _ := strings.Cut(strings.TrimPrefix(line, "\ufeff"), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			data = append(data, value)
		}
	}
	e.data, e.wire = strings.Join(data, "\n"), strings.Join(lines, "\n")+"\n\n"
	return e, len(data) > 0
}

// wants fails unless the event is the given message, with its id.
func (s *stream) wants(e event, m message, en, zh string) {
	got := s.message("The data of the event", "事件的 data ", e.data)
	want := fmt.Sprintf("id: %d\ndata: {\"id\":%[1]d,\"from\":%q,\"text\":%q}\n\n", m.ID,
		m.From, m.Text)
	id, _, _ := strings.Cut(e.id, "@") // the lab's own server adds the message's time
	switch {
	case e.name != "" && e.name != "message":
		en = fmt.Sprintf(
			"The event is named %q. EventSource calls onmessage only for events without a name, "+
				"so a page with onmessage receives nothing.", e.name)
		zh = fmt.Sprintf(
			"事件的名字是 %q。EventSource 只为没有名字的事件调用 onmessage，"+
				"所以用 onmessage 的页面什么都收不到。", e.name)
	case e.id == "":
		en = "The event has no id line: after a broken connection, the " +
			"browser cannot say which event it received last. " + en
		zh = "事件没有 id 行：连接断开后，浏览器说不出最后收到的是哪个事件。" + zh
	case got == m && id == strconv.FormatInt(m.ID, 10):
		return
	case got == m:
		en = fmt.Sprintf(
			"The id line says %q, but the data is message %d: the "+
				"browser resumes after the id line.", e.id, m.ID)
		zh = fmt.Sprintf("id 行写的是 %q，data 却是第 %d 条消息：浏览器续传时用的是 id 行。",
			e.id, m.ID)
	case got.ID == m.ID:
		en, zh = "The data of the event must be the message as POST /messages created it.",
			"事件的 data 必须和 POST /messages 创建的消息一样。"
	}
	check.Found(s, check.Finding{EN: en, ZH: zh,
		Fields: check.Compare(check.Events, []byte(e.wire), []byte(want))})
}

func opensAStream(a *attack) {
	s := a.open("/events", "")
	kind := s.header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); err != nil || media != "text/event-stream" {
		check.Value(a, "Content-Type", kind, "text/event-stream",
			"EventSource accepts only text/event-stream.",
			"EventSource 只认 text/event-stream。")
	}
}

func sendsEvents(a *attack) {
	last := a.publish("before")
	path := fmt.Sprintf("/events?after=%d", last.ID)
	one, two := a.open(path, ""), a.open(path, "")
	for _, text := range []string{"live", "two\nlines, \"quoted\"", "你好 <b>"} {
		m := a.publish(text)
		for _, s := range []*stream{one, two} {
			s.wants(s.event("A message was published while two streams were open.",
				"两个流开着的时候发布了一条消息。"), m,
				"Each message is an event with an id line and the message's JSON as "+
					"data, sent to every stream at once.",
				"每条消息是一个事件，带 id 行，data 是消息的 JSON，立刻发给每一个流。")
		}
	}
}

func beginsAtTheBeginning(a *attack) {
	s := a.open("/events", "")
	e := s.event("GET /events without a cursor asks for all messages.",
		"不带游标的 GET /events 要的是全部消息。")
	if first := s.message("The data of the event", "事件的 data ", e.data); first.ID != 1 {
		check.Fail(a,
			"GET /events without a cursor asks for all messages, but "+
				"the first one that came was %d.",
			"不带游标的 GET /events 要的是全部消息，最先来的却是第 %d 条。", first.ID)
	}
}

func resumes(a *attack) {
	first := a.publish("r1")
	second, third := a.publish("r2"), a.publish("r3")
	s := a.open("/events", fmt.Sprint(first.ID))
	fourth := a.publish("r4")
	for _, m := range []message{second, third, fourth} {
		s.wants(s.event("A browser resumed after it had missed messages.",
			"浏览器来续传，它错过了消息。"),
			m,
			fmt.Sprintf(
				"A browser resumed with Last-Event-ID: %d. It must get all newer messages, oldest "+
					"first, and none that it already has.", first.ID),
			fmt.Sprintf(
				"浏览器带着 Last-Event-ID: %d 来续传。它应该收到更新的，旧的在前，已有的不再发。",
				first.ID))
	}
}

func headerBeatsQuery(a *attack) {
	first := a.publish("q1")
	second := a.publish("q2")
	third := a.publish("q3")
	s := a.open(fmt.Sprintf("/events?after=%d", first.ID), fmt.Sprint(second.ID))
	s.wants(s.event("A browser resumed.", "浏览器来续传。"), third,
		fmt.Sprintf(
			"The URL has an old after=%d, and the header is "+
				"Last-Event-ID: %d. The header is newer, so it wins.", first.ID, second.ID),
		fmt.Sprintf("URL 里是很久以前的 after=%d，头部是 Last-Event-ID: %d。头部更新，以它为准。",
			first.ID, second.ID))
}

func survivesStreamsThatLeave(a *attack) {
	last := a.publish("last")
	path := fmt.Sprintf("/events?after=%d", last.ID)
	ctx, leave := context.WithCancel(a.ctx)
	defer leave()
	var left []*stream
	for range 20 {
		left = append(left, a.openUntil(ctx, path, ""))
	}
	stays := a.open(path, "")
	leave()
	for _, s := range left {
		for range s.lines { // until it has been closed here
		}
	}
	for i := range 3 {
		m := a.publish(fmt.Sprint("after they left ", i))
		stays.wants(
			stays.event("Twenty streams were closed, one stayed, and a message was published.",
				"二十个流关闭了，留下一个，然后发布了一条消息。"), m,
			"Twenty streams were closed by their clients, and one stayed: it "+
				"still gets each message once, in order.",
			"二十个流被客户端关闭，留下一个：它仍然要按顺序收到每条消息，每条一次。")
	}
}
