package blackbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"realtimelab/internal/exercise/check"
)

func publishes(a *attack) {
	first := a.publish("one")
	second := a.publish("你好 <b>&amp;")
	check.Value(a, "id", second.ID, first.ID+1, "Ids rise by one with each message.",
		"编号随每条消息加一。")
}

func (a *attack) after(id int64) []message {
	return a.messages(a.ask("GET", fmt.Sprintf("/messages?after=%d", id), ""))
}

func answersAtOnce(a *attack) {
	last := a.publish("news")
	got := a.ask("GET", fmt.Sprintf("/messages?after=%d", last.ID), "")
	if list := a.messages(got); len(list) > 0 {
		check.Fail(a,
			"Asked with after=%d, the last id, the answer holds %v: messages that "+
				"the client has must not be sent again.",
			"用最后的编号 after=%d 提问，应答里却有 %v：客户端已有的不再发送。", last.ID, ids(list))
	}
	if got.took > quick {
		check.Fail(a, "No message was new, but the answer took %v: short polling answers at once.",
			"没有新消息，应答却花了 %v：短轮询要立刻应答。", got.took.Round(time.Millisecond))
	}
}

func inOrder(a *attack) {
	first := a.publish("a")
	b, c := a.publish("b"), a.publish("c")
	list := a.after(first.ID)
	if got := ids(list); slices.Equal(got, []int64{c.ID, b.ID}) {
		check.Fail(a,
			"Two messages, %d and %d, came after %d, but the answer holds them in "+
				"the order %v: the oldest comes first.",
			"在 %[3]d 之后来了两条消息 %[1]d 和 %[2]d，应答里的顺序却是 %[4]v：旧的在前。", b.ID,
			c.ID, first.ID, got)
	} else if !slices.Equal(got, []int64{b.ID, c.ID}) {
		check.Fail(a,
			"Two messages, %d and %d, came after %d, but the answer to after=%[3]d holds %v: all "+
				"newer messages, oldest first, none twice.",
			"在 %[3]d 之后来了两条消息 %[1]d 和 %[2]d，after=%[3]d "+
				"的应答里却是 %[4]v：所有更新的，旧的在前，不重复。", b.ID, c.ID, first.ID,
			ids(list))
	}
	for i, m := range []message{b, c} {
		check.Value(a, "message", fmt.Sprintf("%+v", list[i]), fmt.Sprintf("%+v", m),
			"GET /messages must return each message as POST /messages created it.",
			"GET /messages 要原样返回 POST /messages 创建的消息。")
	}
	for _, query := range []string{"?after=0", ""} {
		all := ids(a.messages(a.ask("GET", "/messages"+query, "")))
		if len(all) < 3 || all[0] != 1 {
			check.Fail(a,
				"GET /messages%s asks for all messages, from id 1 on, "+
					"and the answer begins with %v.",
				"GET /messages%s 要的是从编号 1 起的全部消息，应答却以 %v 开头。", query,
				all[:min(3, len(all))])
		}
	}
}

func refusesBadCursors(a *attack) {
	for _, cursor := range []string{"x", "-1", "1.5"} {
		got := a.ask("GET", "/messages?after="+cursor, "")
		a.status(got, 400, "after="+cursor+
			" is not a whole number from 0 up: the request is wrong, "+
			"so answer it with 400.",
			"after="+cursor+" 不是从 0 起的整数：错在请求，应答要用 400 说明。")
	}
	const large = "99999999999999999999" // a whole positive number that does not fit into 64 bits
	if got := a.ask("GET", "/messages?after="+large, ""); got.status != 200 && got.status != 400 {
		check.Fail(a,
			"after="+large+
				" is larger than any id, but got status %d: "+
				"answer [], or refuse it with 400.",
			"after="+large+" 比任何编号都大，得到的状态是 %d：要么返回 []，要么用 400 拒绝。",
			got.status)
	}
	a.publish("still alive")
}

func manyAtOnce(a *attack) {
	const n = 20
	start := a.publish("start")
	made := make(chan int64, n)
	for i := range n {
		go func() {
			got, err := a.try("POST", "/messages", fmt.Sprintf(`{"from":"lab","text":"m%d"}`, i))
			if err != nil {
				got.status = 0
			}
			made <- int64(got.status)
		}()
	}
	for range n {
		if status := <-made; status != 201 {
			check.Fail(a,
				"Twenty clients publish at the same time, but one got "+
					"status %d (0: no response).",
				"二十个客户端同时发布，其中一个得到状态 %d（0 表示没有应答）。", status)
		}
	}
	list := ids(a.after(start.ID))
	for i, id := range list {
		if id != start.ID+int64(i)+1 {
			check.Fail(a,
				"Twenty clients published at the same time. The ids are %v: "+
					"each must appear once, in order.",
				"二十个客户端同时发布。编号是 %v：每个都要出现一次，按顺序。", list)
		}
	}
	check.Value(a, "messages", len(list), n,
		"Twenty clients published at the same time; no message may be lost.",
		"二十个客户端同时发布，一条都不能丢。")
}

// hold asks with a wait.
func (a *attack) hold(ctx context.Context, after int64, wait string) (answer, error) {
	return a.tryUntil(ctx, "GET", fmt.Sprintf("/messages?after=%d&wait=%s", after, wait), "")
}

func holdsNoNews(a *attack) {
	last := a.publish("last")
	got, err := a.hold(a.ctx, last.ID, "1s")
	if err != nil {
		check.Fail(a,
			"A request with wait=1s got no response within %v: the wait must end by itself.",
			"带 wait=1s 的请求在 %v 之内没有得到应答：等待必须自己结束。", stepTime)
	}
	if list := a.messages(got); len(list) > 0 {
		check.Fail(a, "No message was new, but the answer holds %v.", "没有新消息，应答里却有 %v。",
			ids(list))
	}
	if got.took < 900*time.Millisecond {
		check.Fail(a,
			"No message was new and wait=1s, but the answer came after %v: this is "+
				"short polling. Hold the request.",
			"没有新消息，wait=1s，应答却在 %v 后就来了：这是短轮询。要把请求挂起。",
			got.took.Round(time.Millisecond))
	}
	got, err = a.hold(a.ctx, last.ID-1, "3s")
	if err != nil || got.took > quick {
		check.Fail(a,
			"There was a new message already, but the answer took %v: hold a request "+
				"only until a new message comes.",
			"已经有新消息了，应答却花了 %v：只有没有新消息时才挂起。",
			got.took.Round(time.Millisecond))
	}
	if list := ids(a.messages(got)); !slices.Equal(list, []int64{last.ID}) {
		check.Fail(a, "Message %d was newer than the cursor, but the answer holds %v.",
			"第 %d 条比游标新，应答里却是 %v。", last.ID, list)
	}
}

// wakes holds n requests, publishes, and wants all of them answered with it at once.
func (a *attack) wakes(n int) {
	last := a.publish("before")
	type result struct {
		answer
		err error
	}
	results := make(chan result, n)
	for range n {
		go func() {
			got, err := a.hold(a.ctx, last.ID, "3s")
			results <- result{got, err}
		}()
	}
	// so that most are held; a later request is answered at once, which is also right
	time.Sleep(200 * time.Millisecond)
	news := a.publish("news")
	start := time.Now()
	for i := range n {
		r := <-results
		if r.err != nil {
			check.Fail(a,
				"A message came for %d held requests; %d were "+
					"answered, then one failed: %v.",
				"消息到来时挂着 %d 个请求；应答了 %d 个，之后有一个没有：%v。", n, i, r.err)
		}
		if list := a.messages(r.answer); !slices.Equal(ids(list), []int64{news.ID}) {
			check.Fail(a,
				"%d held requests waited for message %d, but one got %v.",
				"第 %[2]d 条到来时挂着 %[1]d 个请求，其中一个得到的是 %[3]v。", n, news.ID,
				ids(list))
		}
		if late := time.Since(start); late > quick {
			check.Fail(a,
				"A message came for %d held requests, but one was answered only %v later: "+
					"the message must wake them, not a timer.",
				"消息到来时挂着 %d 个请求，其中一个 %v 之后才得到应答："+
					"要由消息唤醒，而不是靠定时器。", n, late.Round(time.Millisecond))
		}
	}
}

func wakesUp(a *attack)        { a.wakes(1) }
func wakesEverybody(a *attack) { a.wakes(20) }

func survivesWhoLeaves(a *attack) {
	last := a.publish("last")
	left := make(chan struct{})
	ctx, leave := context.WithCancel(a.ctx)
	for range 20 {
		go func() {
			_, _ = a.hold(ctx, last.ID, "3s") // it is left, not answered
			left <- struct{}{}
		}()
	}
	time.Sleep(100 * time.Millisecond)
	leave()
	for range 20 {
		<-left
	}
	a.publish("after they left")
	a.wakes(1)
}
