//go:build exercise

package pollclient_test

import (
	"errors"
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

func seen(c Client) (ids []int64) {
	for _, m := range c.Seen {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestAsksWithItsCursor(t *testing.T) {
	c := Client{Cursor: 6}
	var asked int64
	_ = c.Poll(func(after int64) ([]Message, error) { asked = after; return nil, nil })
	check.Value(t, "after", asked, 6, "The page has everything up to 6, so it asks for what is newer than 6.",
		"页面已经有 6 以及之前的消息，所以要问比 6 新的。")
	check.Value(t, "cursor", c.Cursor, 6, "The answer was empty, and yet the cursor moved: the page now claims to have a message that it never got.",
		"应答是空的，游标却动了：页面现在声称自己有一条从没收到过的消息。")
}

func TestMovesToTheLastID(t *testing.T) {
	var c Client
	_ = c.Poll(func(int64) ([]Message, error) { return answer(3, 9), nil })
	check.Value(t, "cursor", c.Cursor, 9, "The page got messages 3 and 9. Ids have gaps, so it is the last id that counts, not the number of messages.",
		"页面收到第 3 和第 9 条。编号有空缺，所以看的是最后的编号，而不是条数。")
	if len(c.Seen) != 2 {
		check.Fail(t, "The page got messages 3 and 9, but shows %v.", "页面收到第 3 和第 9 条，显示的却是 %v。", seen(c))
	}
}

func TestALostAnswer(t *testing.T) {
	c := Client{Cursor: 6}
	err := c.Poll(func(int64) ([]Message, error) { return nil, errCut })
	check.Value(t, "cursor", c.Cursor, 6, "The answer was lost, so nothing has arrived and the cursor must stand still: the next question brings the same messages again.",
		"应答丢了，什么都没到，游标就不能动：下一次提问会把同样的消息再要来。")
	if !errors.Is(err, errCut) {
		check.Fail(t, "The question failed, but Poll says nothing of it: its caller has to know, to wait before it asks again.",
			"这次提问失败了，Poll 却不说：调用者必须知道，才好等一等再问。")
	}
}

func TestHalfAnAnswer(t *testing.T) {
	c := Client{Cursor: 6}
	err := c.Poll(func(int64) ([]Message, error) { return answer(7, 8), errCut })
	if len(c.Seen) != 2 || c.Cursor != 8 {
		check.Fail(t, "The connection broke after messages 7 and 8. They have arrived, but the page shows %v and stands at %d: take what came, then report the error.",
			"连接在第 7、8 条之后断了。这两条已经到了，页面却显示 %v，游标停在 %d：先收下到了的，再报告错误。", seen(c), c.Cursor)
	}
	if !errors.Is(err, errCut) {
		check.Fail(t, "The answer broke off, but Poll says nothing of it.", "应答中途断了，Poll 却不说。")
	}
}

func TestNothingTwice(t *testing.T) {
	c := Client{Cursor: 6}
	_ = c.Poll(func(int64) ([]Message, error) { return answer(7, 8), nil })
	_ = c.Poll(func(int64) ([]Message, error) { return answer(7, 8, 9), nil })
	if ids := seen(c); len(ids) != 3 {
		check.Fail(t, "An answer came a second time, with message 9 added, and the page shows %v: what is not above the cursor has been seen.",
			"同一个应答又来了一次，多了第 9 条，页面显示 %v：不大于游标的都已经看过了。", ids)
	}
	_ = c.Poll(func(int64) ([]Message, error) { return answer(7), nil })
	check.Value(t, "cursor", c.Cursor, 9, "An old answer came late, and the cursor went back: a cursor only ever rises.",
		"一个旧应答姗姗来迟，游标就倒退了：游标只升不降。")
}
