//go:build exercise

package cursor_test

import (
	"encoding/json"
	"slices"
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

func ids(messages []Message) []int64 {
	all := []int64{}
	for _, m := range messages {
		all = append(all, m.ID)
	}
	return all
}

// since calls Since, and says what it was called with if it panics.
func since(t *testing.T, log []Message, after int64) []Message {
	defer func() {
		if cause := recover(); cause != nil {
			check.Panicked(t, cause,
				"The log has the ids %v, and Since(log, %d) panics: %v. An "+
					"id is not an index into the log.",
				"日志里的编号是 %v，Since(log, %d) 崩溃了：%v。编号不是日志里的下标。", ids(log),
				after, cause)
		}
	}()
	before := slices.Clone(log)
	got := Since(log, after)
	if !slices.Equal(log, before) {
		check.Fail(t,
			"Since(log, %d) has changed the log from %v to %v: the answer must not share memory "+
				"that Since writes to. Other pages read the same log.",
			"Since(log, %d) 把日志从 %v 改成了 %v：Since "+
				"不能往日志的内存里写，别的页面读的是同一份日志。", after, ids(before), ids(log))
	}
	return got
}

// Step: nothing twice / 不重复
func TestNothingTwice(t *testing.T) {
	got := since(t, logOf(5, 6, 7), 6)
	for _, m := range got {
		switch m.ID {
		case 6:
			check.Fail(t,
				"The page asked with after=6, and the answer is %v: the "+
					"page has message 6 already.",
				"页面用 after=6 来问，应答是 %v：第 6 条页面已经有了。", ids(got))
		case 5:
			check.Fail(t,
				"The page asked with after=6, and the answer is %v: 5 is older than "+
					"the cursor, so the page has had it.",
				"页面用 after=6 来问，应答是 %v：5 比游标旧，页面早就有了。", ids(got))
		}
	}
}

// Step: gaps / 空缺
func TestGaps(t *testing.T) {
	log := logOf(3, 9, 12)
	if got := since(t, log, 9); !slices.Equal(ids(got), []int64{12}) {
		check.Fail(t,
			"Some messages were deleted, the log has %v. The page asked with after=9, and the "+
				"answer is %v instead of [12]: an id is not an index into the log.",
			"有些消息被删了，日志里是 %v。页面用 after=9 来问，应答不是 "+
				"[12]，而是 %v：编号不是日志里的下标。", ids(log), ids(got))
	}
	log = logOf(3, 12)
	if got := since(t, log, 9); !slices.Equal(ids(got), []int64{12}) {
		check.Fail(t,
			"The page has message 9, and then 9 was deleted: the log has %v. The page asked with "+
				"after=9, and the answer is %v instead of [12]: compare ids, do "+
				"not look for the cursor in the log.",
			"页面有第 9 条，后来第 9 条被删了：日志里是 %v。页面用 after=9 来问，应答不是 [12]，"+
				"而是 %v：要比较编号，不要在日志里找游标。", ids(log), ids(got))
	}
}

// Step: nothing lost / 不丢失
func TestNothingLost(t *testing.T) {
	for _, c := range []struct {
		log   []Message
		after int64
		want  []int64
	}{
		{logOf(1, 2, 3, 4), 1, []int64{2, 3, 4}},
		{logOf(1, 2, 3), 0, []int64{1, 2, 3}},
		{logOf(7, 8), 3, []int64{7, 8}},
	} {
		got := ids(since(t, c.log, c.after))
		slices.Reverse(got)
		if slices.Equal(got, c.want) {
			check.Fail(t,
				"The log has %v, the page asked with after=%d, and the answer has the newest "+
					"first: the oldest comes first.",
				"日志里有 %v，页面用 after=%d 来问，应答里新的在前：应该是旧的在前。", ids(c.log),
				c.after)
		}
		slices.Reverse(got)
		if !slices.Equal(got, c.want) {
			check.Fail(t,
				"The log has %v, the page asked with after=%d, and got only %v instead of %v: "+
					"its cursor moves past the others, so it never gets them.",
				"日志里有 %v，页面用 after=%d 来问，得到的不是 %[4]v，而只有 %[3]v："+
					"游标会越过其余的消息，页面再也拿不到它们。", ids(c.log), c.after, got, c.want)
		}
	}
}

// Step: nothing new / 没有新消息
func TestNothingNewIsAList(t *testing.T) {
	for _, log := range [][]Message{logOf(1, 2), nil} {
		body, err := json.Marshal(since(t, log, 2))
		if err != nil {
			t.Fatal(err)
		}
		switch string(body) {
		case "[]":
		case "null":
			check.Value(t, "answer", string(body), "[]",
				"The log has %v, the page asked with after=2, and the answer is null: a page "+
					"that loops over it fails. An empty list is [].",
				"日志里有 %v，页面用 after=2 来问，应答是 null："+
					"页面去遍历它就会出错。空列表是 []。", ids(log))
		default:
			check.Value(t, "answer", string(body), "[]",
				"The log has %v, the page asked with after=2, and nothing is newer than that.",
				"日志里有 %v，页面用 after=2 来问，没有比它更新的。", ids(log))
		}
	}
}

// next calls Next, and says what it was called with if it panics.
func next(t *testing.T, after int64, answer []Message) int64 {
	defer func() {
		if cause := recover(); cause != nil {
			check.Panicked(t, cause, "Next panics for a page with cursor %d and the answer %v: %v.",
				"页面的游标是 %d，应答是 %v，Next 崩溃了：%v。", after, ids(answer), cause)
		}
	}()
	return Next(after, answer)
}

// Step: the next cursor / 下一个游标
func TestNextCursor(t *testing.T) {
	known := map[int64][2]string{
		2: {"The page got messages, but its cursor stays: it gets them again and again.",
			"页面收到了消息，游标却没动：同样的消息会一再收到。"},
		3: {"3 is the oldest of the messages that came: with after=3 " +
			"the page gets 7 a second time.",
			"3 是收到的消息里最旧的：用 after=3 去问，7 会收到第二遍。"},
		4: {"The page got two messages, and 2 + 2 is 4. But ids have gaps: the number of " +
			"messages says nothing about the last id.",
			"页面收到两条消息，2 + 2 是 4。可是编号有空缺：条数说明不了最后的编号。"},
		8: {"8 may be the id of the next message: with after=8 the page would never get it. The " +
			"cursor is the last id that the page has.",
			"8 可能就是下一条消息的编号：用 after=8 去问，" +
				"就永远拿不到它。游标是页面手里最后的编号。"},
		1: {"1 is the index of the last message in the answer. The cursor is its id.",
			"1 是应答里最后一条的下标。游标是它的编号。"},
		10: {"3 and 7 are ids: they are not added up. The cursor is the last of them.",
			"3 和 7 是编号，不能相加。游标是其中最后的一个。"},
	}
	got := next(t, 2, logOf(3, 7))
	why, ok := known[got]
	if !ok {
		why = [2]string{"The cursor is the last id that the page has.",
			"游标是页面手里最后的编号。"}
	}
	check.Value(t, "cursor", got, 7, "The page asked with after=2 and got the messages 3 and 7. "+
		why[0], "页面用 after=2 来问，收到第 3 和第 7 条。"+why[1])
}

// Step: an empty answer / 空的应答
func TestNextCursorOfAnEmptyAnswer(t *testing.T) {
	for _, answer := range [][]Message{nil, {}} {
		got := next(t, 7, answer)
		en, zh := "The cursor stays as it is.", "游标保持不变。"
		switch got {
		case 0:
			en, zh = "With after=0 it gets the whole log again.",
				"用 after=0 去问，整份日志会再来一遍。"
		case 8:
			en, zh = "With after=8 it never gets message 8, which is still to come.",
				"用 after=8 去问，还没到的第 8 条就永远拿不到。"
		}
		check.Value(t, "cursor", got, 7, "The page asked with after=7 and got an empty answer. "+en,
			"页面用 after=7 来问，得到空的应答。"+zh)
	}
}
