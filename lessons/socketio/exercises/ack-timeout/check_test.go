//go:build exercise

package acktimeout_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/ack-timeout"
)

// ends runs f, and reports whether it ended within a minute of the bubble's time. A panic is a
// finding.
func ends(t *testing.T, f func()) bool {
	t.Helper()
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	select {
	case problem := <-done:
		if problem != nil {
			check.Panicked(t, problem,
				"It panicked: %v. An answer that comes twice, too late or unasked must do no harm.",
				"panic 了：%v。来了两次的、来晚了的、没人问过的回答，都不能造成损害。", problem)
		}
		return true
	case <-time.After(time.Minute):
		return false
	}
}

func TestQuickAnswer(t *testing.T) {
	done := make(chan string, 1)
	go func() {
		a := NewAcks()
		text, _ := a.Ask(func(id uint64) { a.Answer(id, "woot") }, time.Second)
		done <- text
	}()
	select {
	case text := <-done:
		check.Value(t, "answer", text, "woot",
			"The answer came before send had returned: be ready for it before you send.",
			"send 还没返回，回答就到了：发送之前就要做好准备。")
	case <-time.After(2 * time.Second):
		check.Fail(t,
			"The answer came before send had returned, and Ask hangs: "+
				"be ready for it before you send.",
			"send 还没返回，回答就到了，Ask 却卡住了：发送之前就要做好准备。")
	}
}

func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAcks()
		ids := make(chan uint64, 100)
		wrong := make(chan string, 100)
		for range 20 {
			go func() {
				var mine uint64
				text, _ := a.Ask(func(id uint64) { mine = id; ids <- id }, time.Second)
				if want := fmt.Sprint("answer to ", mine); text != want {
					wrong <- fmt.Sprintf("%q, not %q", text, want)
				}
			}()
		}
		synctest.Wait()
		seen := map[uint64]bool{}
		var order []uint64
		for len(ids) > 0 {
			id := <-ids
			if seen[id] {
				check.Fail(t, "Two questions have the id %d: their answers look the same.",
					"两个问题的编号都是 %d：没有人能分清它们的回答。", id)
			}
			seen[id] = true
			order = append([]uint64{id}, order...)
		}
		for _, id := range order {
			if !ends(t, func() { a.Answer(id, fmt.Sprint("answer to ", id)) }) {
				check.Fail(t,
					"Answer %d came in another order than the questions, and never returns.",
					"回答 %d 到来的顺序和提问不同，就永远卡住了。", id)
			}
		}
		synctest.Wait()
		if len(wrong) > 0 {
			check.Fail(t, "Answers came in another order than the questions, and one got %s.",
				"回答到来的顺序和提问不同，有一个得到的是 %s。", <-wrong)
		}
	})
}

func TestUnevenAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAcks()
		pending := map[uint64]string{}
		ids, results := make(chan uint64, 1), make(chan string, 100)
		ask := func(name string) uint64 {
			go func() {
				text, err := a.Ask(func(id uint64) { ids <- id }, time.Minute)
				results <- fmt.Sprintf("%s got %q, %v", name, text, err)
			}()
			id := <-ids
			if other, taken := pending[id]; taken {
				check.Fail(t,
					"Some questions were asked and some answered, and then %s got the id %d "+
						"while %s still waits with the same id.",
					"问了几个问题，回答了其中几个，然后 %s 拿到编号 %d，"+
						"可是 %s 还带着同样的编号在等。", name, id, other)
			}
			pending[id] = name
			return id
		}
		answer := func(id uint64) {
			name := pending[id]
			delete(pending, id)
			a.Answer(id, "for "+name)
			synctest.Wait()
			if len(results) != 1 {
				check.Fail(t, "%s was answered, and Ask did not return.",
					"%s 得到了回答，Ask 却没有返回。", name)
			}
			check.Value(t, "result", <-results, fmt.Sprintf("%s got %q, <nil>", name, "for "+name),
				"Some questions are answered while others still wait.",
				"有的问题得到了回答，有的还在等。")
		}
		first, second, third := ask("question 1"), ask("question 2"), ask("question 3")
		answer(first)
		fourth := ask("question 4")
		answer(third)
		fifth := ask("question 5")
		for _, id := range []uint64{second, fifth, fourth} {
			answer(id)
		}
	})
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAcks()
		start := time.Now()
		var err error
		if !ends(t, func() { _, err = a.Ask(func(uint64) {}, 5*time.Second) }) {
			check.Fail(t, "Nobody answered for a minute, and Ask still waits: its timeout was 5 s.",
				"一分钟没有人回答，Ask 还在等：它的超时是 5 秒。")
		}
		if !errors.Is(err, ErrTimeout) {
			check.Fail(t,
				"Nobody answered, and Ask returned %v: the caller cannot "+
					"tell silence from an empty answer.",
				"没有人回答，Ask 返回的是 %v：调用者分不清沉默和空的回答。", err)
		}
		check.Value(t, "waited", time.Since(start), 5*time.Second,
			"Nobody answered, the timeout is 5 s.", "没有人回答，超时是 5 秒。")
		check.Value(t, "pending", a.Pending(), 0,
			"The question has timed out, and is still in the table: a client "+
				"that never answers fills the memory.",
			"问题已经超时，却还留在表里：从不回答的客户端会把内存塞满。")
	})
}

func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAcks()
		var late uint64
		_, _ = a.Ask(func(id uint64) { late = id }, time.Second)
		if !ends(t, func() { a.Answer(late, "sorry") }) {
			check.Fail(t,
				"An answer came after its question had timed out, and Answer never returns: it "+
					"is called by the reader, and now nothing is read.",
				"回答在超时之后才到，Answer 永远卡住了：它是被读循环调用的，现在没有人在读了。")
		}
		if !ends(t, func() { a.Answer(12345, "what?") }) {
			check.Fail(t, "An answer without a question came, and Answer never returns.",
				"来了一个没人问过的回答，Answer 永远卡住了。")
		}
		text, err := a.Ask(func(id uint64) {
			if id == late {
				check.Fail(t,
					"A question timed out, and the next one has the same id, %d: a late answer "+
						"to the first would pass for an answer to the second.",
					"一个问题超时了，下一个问题又用了编号 %d："+
						"对前一个的回答要是迟到了，就会被当成对后一个的。", id)
			}
			a.Answer(late, "still sorry")
			go a.Answer(id, "fresh")
		}, time.Second)
		if err != nil || text != "fresh" {
			check.Fail(t,
				"The next question got %q, %v: the late answer belongs to the old id alone.",
				"下一个问题得到 %q、%v：迟到的回答只属于旧的编号。", text, err)
		}
	})
}

func TestTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAcks()
		ended := ends(t, func() {
			_, _ = a.Ask(func(id uint64) {
				a.Answer(id, "one")
				a.Answer(id, "two")
				a.Answer(id, "three")
			}, time.Second)
		})
		if !ended {
			check.Fail(t,
				"The same question was answered three times, and Answer never "+
					"returns: only the first counts.",
				"同一个问题被回答了三次，Answer 永远卡住了：只有第一次算数。")
		}
		check.Value(t, "pending", a.Pending(), 0,
			"The question is answered, and still in the table.", "问题已经回答了，却还留在表里。")
	})
}

func TestEmptyAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAcks()
		text, err := a.Ask(func(id uint64) { go a.Answer(id, "") }, time.Second)
		if text != "" || err != nil {
			check.Fail(t,
				"The answer was an empty text, and Ask returned %q, %v: "+
					"an empty answer is an answer.",
				"回答是空的文本，Ask 返回的是 %q、%v：空的回答也是回答。", text, err)
		}
	})
}
