//go:build exercise

package pollclient_test

import (
	"errors"
	"slices"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/poll-client"
)

var errCut = errors.New("the connection broke")

func answer(ids ...int64) (messages []Message) {
	for _, id := range ids {
		messages = append(messages, Message{ID: id})
	}
	return messages
}

func seen(c *Client) []int64 {
	ids := []int64{}
	for _, m := range c.Seen {
		ids = append(ids, m.ID)
	}
	return ids
}

// poll lets the client ask once. It says what the client was answered if that panics.
func poll(t *testing.T, c *Client, messages []Message, fails error) (asked int64, err error) {
	calls := 0
	before := *c
	defer func() {
		if cause := recover(); cause != nil {
			check.Panicked(t, cause,
				"The client has the cursor %d, ask returned the ids %v and "+
					"the error %v, and Poll panics: %v.",
				"客户端的游标是 %d，ask 返回了编号 %v 和错误 %v，Poll 崩溃了：%v。",
				before.Cursor, seen(&Client{Seen: messages}), fails, cause)
		}
		if calls > 1 {
			check.Fail(t,
				"Poll asked %d times: it asks once, and its caller decides when to ask again.",
				"Poll 问了 %d 次：它只问一次，什么时候再问由调用者决定。", calls)
		}
	}()
	err = c.Poll(func(after int64) ([]Message, error) {
		if calls++; calls > 5 {
			return nil, nil
		}
		asked = after
		return slices.Clone(messages), fails
	})
	return asked, err
}

// Step: asking / 提问
func TestAsksWithItsCursor(t *testing.T) {
	c := &Client{Cursor: 6}
	asked, _ := poll(t, c, nil, nil)
	en, zh := "It asks for the messages after its cursor.", "它要问的是游标之后的消息。"
	switch asked {
	case 0:
		en, zh = "With 0 it gets the whole log again.", "用 0 去问，整份日志会再来一遍。"
	case 7:
		en, zh = "With 7 it never gets message 7.", "用 7 去问，就永远拿不到第 7 条。"
	}
	check.Value(t, "after", asked, 6, "The page has everything up to 6. "+en,
		"页面已经有 6 以及之前的消息。"+zh)
	check.Value(t, "cursor", c.Cursor, 6,
		"The answer was empty, and yet the cursor moved: the page now claims "+
			"to have a message that it never got.",
		"应答是空的，游标却动了：页面现在声称自己有一条从没收到过的消息。")
}

// Step: taking the answer / 收下应答
func TestMovesToTheLastID(t *testing.T) {
	c := &Client{}
	if _, err := poll(t, c, answer(3, 9), nil); err != nil {
		check.Fail(t, "ask returned messages and no error, and Poll returned the error %v.",
			"ask 返回了消息，没有错误，Poll 却返回了错误 %v。", err)
	}
	en, zh := "The cursor is the last id that has arrived.", "游标是到了的最后一个编号。"
	switch c.Cursor {
	case 2:
		en, zh = "That is the number of messages. Ids have gaps, so it is the last id that counts.",
			"这是条数。编号有空缺，所以看的是最后的编号。"
	case 3:
		en, zh = "That is the first id: the page would get message 9 again.",
			"这是第一个编号：第 9 条会再来一遍。"
	case 10:
		en, zh = "With 10 the page would never get message 10.",
			"用 10 去问，就永远拿不到第 10 条。"
	}
	check.Value(t, "cursor", c.Cursor, 9, "The page got messages 3 and 9. "+en,
		"页面收到第 3 和第 9 条。"+zh)
	if ids := seen(c); !slices.Equal(ids, []int64{3, 9}) {
		check.Fail(t, "The page got messages 3 and 9, but shows %v.",
			"页面收到第 3 和第 9 条，显示的却是 %v。", ids)
	}
	_, _ = poll(t, c, answer(12), nil)
	if ids := seen(c); !slices.Equal(ids, []int64{3, 9, 12}) {
		check.Fail(t,
			"The page had messages 3 and 9, then it got 12, and now it shows %v: new messages "+
				"are added to those before.",
			"页面有第 3 和第 9 条，又收到第 12 条，现在显示的是 %v：新消息要加在原有的后面。", ids)
	}
}

// Step: a lost answer / 丢失的应答
func TestALostAnswer(t *testing.T) {
	c := &Client{Cursor: 6}
	_, err := poll(t, c, nil, errCut)
	check.Value(t, "cursor", c.Cursor, 6,
		"The answer was lost, so nothing has arrived, and the cursor must stay: the next request "+
			"brings the same messages again.",
		"应答丢了，什么都没到，游标就不能动：下一次请求会把同样的消息再要来。")
	switch {
	case err == nil:
		check.Fail(t,
			"The request failed, and Poll returned no error: its caller has to "+
				"know, to wait before the next request.",
			"这次请求失败了，Poll 却没有返回错误：调用者必须知道，才好等一等再问。")
	case !errors.Is(err, errCut):
		check.Fail(t,
			"The request failed with %q, and Poll returned %q, which does not wrap it: the "+
				"caller cannot tell the cause.",
			"这次请求失败的错误是 %q，Poll 返回的是 %q，没有包装它：调用者看不出原因。",
			errCut, err)
	}
}

// Step: half an answer / 半个应答
func TestHalfAnAnswer(t *testing.T) {
	c := &Client{Cursor: 6}
	_, err := poll(t, c, answer(7, 8), errCut)
	ids := seen(c)
	switch {
	case len(ids) == 0:
		check.Fail(t,
			"The connection broke after messages 7 and 8, and the page shows neither, although "+
				"they have arrived (its cursor is %d): take what came, then report the error.",
			"连接在第 7、8 条之后断了。这两条已经到了，"+
				"页面却一条都没显示（游标是 %d）：先收下到了的，再报告错误。", c.Cursor)
	case !slices.Equal(ids, []int64{7, 8}):
		check.Fail(t, "The connection broke after messages 7 and 8, and the page shows %v.",
			"连接在第 7、8 条之后断了，页面显示的却是 %v。", ids)
	case c.Cursor != 8:
		check.Fail(t,
			"The connection broke after messages 7 and 8. The page shows them, but its cursor "+
				"is %d: it gets them again with the next answer.",
			"连接在第 7、8 条之后断了。页面显示了它们，游标却是 %d：下一个应答会把它们再带来。",
			c.Cursor)
	case err == nil:
		check.Fail(t,
			"The connection broke after messages 7 and 8, and Poll returned no error: its caller "+
				"takes the answer for a whole one.",
			"连接在第 7、8 条之后断了，Poll 却没有返回错误：调用者会以为应答是完整的。")
	}
}

// Step: messages it has / 已有的消息
func TestNothingTwice(t *testing.T) {
	c := &Client{Cursor: 6} // the page was loaded with six messages
	_, _ = poll(t, c, answer(5, 6, 7), nil)
	if ids := seen(c); !slices.Equal(ids, []int64{7}) {
		check.Fail(t,
			"The page was loaded with everything up to 6, then an answer brought 5, 6 and 7, and "+
				"it added %v: only 7 is above its cursor.",
			"页面加载时已有 6 以及之前的消息，一个应答带来了第 5、6、7 "+
				"条，它加上了 %v：只有 7 大于游标。", ids)
	}
	_, _ = poll(t, c, answer(7, 8), nil)
	_, _ = poll(t, c, answer(7, 8, 9), nil)
	if ids := seen(c); !slices.Equal(ids, []int64{7, 8, 9}) {
		check.Fail(t,
			"The same answer came a second time, with message 9 added, and the page shows %v: a "+
				"message that is not above the cursor has been seen.",
			"同一个应答又来了一次，多了第 9 条，页面显示 %v：不大于游标的消息都已经看过了。", ids)
	}
	_, _ = poll(t, c, answer(7), nil)
	check.Value(t, "cursor", c.Cursor, 9,
		"The page has message 9, then an old answer with message 7 arrived late, and the cursor "+
			"went back: a cursor only rises.",
		"页面已有第 9 条，一个只有第 7 条的旧应答姗姗来迟，游标就倒退了：游标只升不降。")
}
