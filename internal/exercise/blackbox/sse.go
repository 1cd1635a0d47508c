package blackbox

import (
	"bufio"
	"context"
	"fmt"
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
	req, err := http.NewRequestWithContext(a.ctx, "GET", "http://"+a.host+path, nil)
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
		go s.read(a.ctx, res)
		check.Value(a, "status", res.StatusCode, 200, "GET "+path+" opens a stream with 200; after anything else EventSource gives up for good.",
			"GET "+path+" 要用 200 打开流；其他状态会让 EventSource 再也不试。")
		return s
	case <-time.After(quick):
		check.Fail(a, "GET %s: no status and no headers within %v. Flush them at once, before there is a message.", "GET %s：%[2]v 之内没有状态也没有头部。还没有消息时就要先把它们 flush 出去。", path, quick)
	}
	return nil
}

func (s *stream) read(ctx context.Context, res *http.Response) {
	defer res.Body.Close()
	defer close(s.lines)
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		select {
		case s.lines <- lines.Text():
		case <-ctx.Done():
			return
		}
	}
}

// event returns the next event as its wire, without comments and without events that carry no data.
func (s *stream) event(why, zh string) string {
	var event []string
	data := false
	timeout := time.After(quick)
	for {
		select {
		case line, open := <-s.lines:
			switch {
			case !open:
				check.Fail(s, why+" But the stream ended.", zh+"可是流结束了。")
			case line == "" && data:
				return strings.Join(event, "\n") + "\n\n"
			case line == "":
				event = nil
			case strings.HasPrefix(line, ":"):
			default:
				data = data || strings.HasPrefix(line, "data")
				event = append(event, line)
			}
		case <-timeout:
			if len(event) > 0 {
				check.Fail(s, why+" Only %q came, and no empty line: that is what ends an event.", zh+"只来了 %q，没有空行：空行才结束一个事件。", strings.Join(event, "\n"))
			}
			check.Fail(s, why+" Nothing came within %v.", zh+"%v 之内什么都没来。", quick)
		}
	}
}

// wants fails unless the event is that message, with its id.
func (s *stream) wants(event string, m message, en, zh string) {
	id, text := "", ""
	for line := range strings.Lines(event) {
		line = strings.TrimRight(line, "\n")
		if value, ok := strings.CutPrefix(line, "id:"); ok {
			id = strings.TrimPrefix(value, " ")
		}
		if value, ok := strings.CutPrefix(line, "data:"); ok {
			text += strings.TrimPrefix(value, " ")
		}
	}
	number, _, _ := strings.Cut(id, "@") // the lab's own server adds the message's time
	if number != strconv.FormatInt(m.ID, 10) || !strings.Contains(text, `"`+m.Text+`"`) {
		want := fmt.Sprintf("id: %d\ndata: {…\"text\":%q…}\n\n", m.ID, m.Text)
		check.Found(s, check.Finding{EN: en, ZH: zh, Fields: check.Compare(check.Events, []byte(event), []byte(want))})
	}
}

func opensAStream(a *attack) {
	s := a.open("/events", "")
	kind := s.header.Get("Content-Type")
	if !strings.HasPrefix(kind, "text/event-stream") {
		check.Value(a, "Content-Type", kind, "text/event-stream", "EventSource takes nothing but text/event-stream.", "EventSource 只认 text/event-stream。")
	}
}

func sendsEvents(a *attack) {
	last := a.publish("before")
	path := fmt.Sprintf("/events?after=%d", last.ID)
	one, two := a.open(path, ""), a.open(path, "")
	for i := range 2 {
		m := a.publish(fmt.Sprint("live ", i))
		for _, s := range []*stream{one, two} {
			s.wants(s.event("A message was published while two streams were open.", "两个流开着的时候发布了一条消息。"), m,
				"Each message is an event with an id line and the message's JSON as data, sent to every stream at once.", "每条消息是一个事件，带 id 行，data 是消息的 JSON，立刻发给每一个流。")
		}
	}
}

func resumes(a *attack) {
	first := a.publish("r1")
	second, third := a.publish("r2"), a.publish("r3")
	s := a.open("/events", fmt.Sprint(first.ID))
	for _, m := range []message{second, third} {
		s.wants(s.event("A browser resumed, with messages missed.", "浏览器来续传，它错过了消息。"), m,
			fmt.Sprintf("A browser resumed with Last-Event-ID: %d. It gets what is newer, oldest first, and nothing that it has.", first.ID),
			fmt.Sprintf("浏览器带着 Last-Event-ID: %d 来续传。它应该收到更新的，旧的在前，已有的不再发。", first.ID))
	}
}

func headerBeatsQuery(a *attack) {
	first := a.publish("q1")
	second := a.publish("q2")
	third := a.publish("q3")
	s := a.open(fmt.Sprintf("/events?after=%d", first.ID), fmt.Sprint(second.ID))
	s.wants(s.event("A browser resumed.", "浏览器来续传。"), third,
		fmt.Sprintf("The URL says after=%d, from long ago, and the header Last-Event-ID: %d. The header is newer, and wins.", first.ID, second.ID),
		fmt.Sprintf("URL 里是很久以前的 after=%d，头部是 Last-Event-ID: %d。头部更新，以它为准。", first.ID, second.ID))
}
