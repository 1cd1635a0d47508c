//go:build exercise

package cursor_test

import (
	"encoding/json"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/cursor"
)

func logOf(ids ...int64) (log []Message) {
	for _, id := range ids {
		log = append(log, Message{ID: id, Text: "m"})
	}
	return log
}

func ids(messages []Message) (all []int64) {
	for _, m := range messages {
		all = append(all, m.ID)
	}
	return all
}

func TestNothingTwice(t *testing.T) {
	for _, m := range Since(logOf(5, 6, 7), 6) {
		if m.ID <= 6 {
			check.Fail(t, "Asked with after=6, the answer holds message %d again: the page has everything up to its cursor, the cursor itself included.",
				"用 after=6 提问，应答里又有了第 %d 条：游标以及它之前的消息，页面都已经有了。", m.ID)
		}
	}
}

func TestGaps(t *testing.T) {
	log := logOf(3, 9, 12)
	if got := Since(log, 9); len(got) != 1 || got[0].ID != 12 {
		check.Fail(t, "Messages were deleted, the log has %v. After 9 comes 12, but the answer was %v: an id is not a place in the log.",
			"有些消息被删了，日志里是 %v。9 之后应该是 12，应答却是 %v：编号不是日志里的位置。", ids(log), ids(got))
	}
}

func TestNothingLost(t *testing.T) {
	for _, c := range []struct {
		log   []Message
		after int64
		want  int
	}{{logOf(1, 2, 3, 4), 1, 3}, {logOf(1, 2, 3), 0, 3}, {logOf(7, 8), 3, 2}} {
		got := Since(c.log, c.after)
		if len(got) < c.want {
			check.Fail(t, "The log has %v, the page asked with after=%d, and got only %v: what it is not given now it never gets, for its cursor moves past it.",
				"日志里有 %v，页面用 after=%d 提问，却只拿到 %v：这次没给的以后也拿不到了，因为游标已经越过了它。", ids(c.log), c.after, ids(got))
		}
	}
}

func TestOldestFirst(t *testing.T) {
	got := ids(Since(logOf(1, 2, 3), 1))
	if got[0] != 2 {
		check.Fail(t, "The answer was %v: the oldest comes first, so that the last one is the next cursor.",
			"应答是 %v：旧的要在前面，这样最后一条才是下一个游标。", got)
	}
}

func TestNothingNewIsAList(t *testing.T) {
	body, err := json.Marshal(Since(logOf(1, 2), 2))
	if err != nil {
		t.Fatal(err)
	}
	check.Wire(t, check.Chars, body, []byte("[]"), "When nothing is new the answer is a list without entries, not the absence of one.",
		"没有新消息时，应答是一个没有内容的列表，而不是没有列表。")
}

func TestNextCursor(t *testing.T) {
	check.Value(t, "cursor", Next(2, logOf(3, 9)), 9, "The page asked with 2 and got 3 and 9: its next cursor is the last id it has, for ids have gaps.",
		"页面用 2 提问，拿到 3 和 9：下一个游标是它手里最后的编号，因为编号有空缺。")
	check.Value(t, "cursor", Next(7, nil), 7, "An empty answer moves nothing: a cursor that moves now steps over a message that is still to come.",
		"空的应答什么都不移动：现在移动游标，就会跨过一条还没到的消息。")
}
