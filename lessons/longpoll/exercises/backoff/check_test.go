//go:build exercise

package backoff_test

import (
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/backoff"
)

// delay is Delay with a random number that the check knows, in whole milliseconds.
func delay(attempt int, random float64) time.Duration {
	return Delay(attempt, func() float64 { return random }).Round(time.Millisecond)
}

// Step: random / 随机数
func TestRandomIsAsked(t *testing.T) {
	for range 8 {
		if a, b := delay(3, 0.25), delay(3, 0.25); a != b {
			check.Fail(t,
				"random() returned 0.25 both times, and the waits are %v and %v: take the chance "+
					"from random, so that it can be checked.",
				"random() 两次都返回 0.25，等待却是 %v 和 %v：随机数要从 random 来，这样才能检查。",
				a, b)
		}
	}
}

// Step: doubling / 翻倍
func TestDoubles(t *testing.T) {
	limit := First
	for attempt := range 6 {
		low, middle := delay(attempt, 0), delay(attempt, 0.5)
		if low != limit/2 {
			en, zh := "It must be half of the limit.", "它应该是上限的一半。"
			switch {
			case low == 0:
				en, zh = "No wait at all: half of the limit is certain, "+
					"and chance only adds to it.",
					"完全不等：上限的一半是固定的，随机只在它上面加。"
			case low == limit && middle < low:
				en, zh = "This is the whole limit, and it shrinks as random() grows: 0 means "+
					"half, and almost 1 means all.",
					"这是整个上限，而且 random() 越大等得越短：0 表示一半，接近 1 表示全部。"
			case low == limit && middle == low:
				en, zh = "This is the whole limit, without chance: a thousand clients come back "+
					"in the same millisecond.",
					"这是整个上限，没有随机：一千个客户端会在同一毫秒回来。"
			case low == limit:
				en, zh = "This is one doubling too many: attempt 0 has the limit 500 ms.",
					"多翻了一倍：attempt 为 0 时上限是 500 毫秒。"
			case low == limit/4:
				en, zh = "This is one doubling too few.", "少翻了一倍。"
			case low == First*time.Duration(attempt+1)/2:
				en, zh = "The limit grows by the same amount each time. It must double.",
					"上限每次只加同样多。应该翻倍。"
			case low == First/2:
				en, zh = "It does not grow with the attempts.", "它没有随着失败次数增长。"
			}
			check.Value(t, "wait", low, limit/2, "Attempt %d has the limit %v, and random() is 0. "+
				en, "attempt 为 %d，上限是 %v，random() 为 0。"+zh, attempt, limit)
		}
		limit *= 2
	}
}

// Step: jitter / 抖动
func TestChance(t *testing.T) {
	got := delay(2, 0.5)
	en, zh := "Half of the limit is certain, and random() chooses how "+
		"much of the other half is added.", "上限的一半是固定的，另一半加多少由 random() 决定。"
	switch got {
	case time.Second:
		en, zh = "This is half of the limit, whatever random() says: without chance a thousand "+
			"clients come back in the same millisecond.",
			"不管 random() 是多少，都是上限的一半：没有随机，一千个客户端会在同一毫秒回来。"
	case 2 * time.Second:
		en, zh = "Chance chooses between half of the limit and one and a half times the limit: "+
			"it may add only the other half.",
			"随机的范围成了上限的一半到一倍半：它最多只能加上另一半。"
	}
	check.Value(t, "wait", got, 1500*time.Millisecond,
		"Attempt 2 has the limit 2 s, and random() is 0.5. "+en,
		"attempt 为 2，上限是 2 秒，random() 为 0.5。"+zh)
	check.Value(t, "wait", delay(2, 0.999), 1999*time.Millisecond,
		"Attempt 2 has the limit 2 s, and random() is 0.999: almost all of the limit.",
		"attempt 为 2，上限是 2 秒，random() 为 0.999：几乎是整个上限。")
}

// Step: the cap / 封顶
func TestNeverTooLong(t *testing.T) {
	for _, attempt := range []int{7, 6, 10, 20} {
		low, high := delay(attempt, 0), delay(attempt, 0.999)
		switch {
		case high > Longest:
			check.Fail(t,
				"After %d failures the wait is %v: the server has been back for minutes, and the "+
					"page does not know. 30 s is the most.",
				"失败 %d 次之后要等 %v：服务器早就好了，页面还不知道。最多 30 秒。", attempt, high)
		case low == Longest && high == low:
			check.Fail(t,
				"After %d failures every client waits exactly %v, and all come back together: "+
					"limit the time first, and let chance choose below that.",
				"失败 %d 次之后，每个客户端都正好等 %v，又一起回来了：先封顶，再在它之下随机。",
				attempt, low)
		case low < 0 || high < 0:
			check.Fail(t, "After %d failures the wait is %v.", "失败 %d 次之后等待是 %v。", attempt,
				min(low, high))
		case low != Longest/2:
			check.Fail(t,
				"After %d failures and with random() = 0, the wait is %v: the limit is 30 s "+
					"then, and the wait is half of it.",
				"失败 %d 次之后，random() 为 0，等待是 %v：这时上限是 30 秒，等待应该是它的一半。",
				attempt, low)
		case high < 29*time.Second:
			check.Fail(t,
				"After %d failures and with random() = 0.999, the wait is %v: the limit is 30 s "+
					"then, and the wait almost all of it.",
				"失败 %d 次之后，random() 为 0.999，等待是 %v："+
					"这时上限是 30 秒，等待应该几乎是全部。", attempt, high)
		}
	}
}

// Step: a week of failures / 失败一个星期
func TestAWeekOfFailures(t *testing.T) {
	for _, attempt := range []int{33, 34, 35, 40, 55, 56, 63, 64, 1000, 1 << 30} {
		if got := delay(attempt, 0); got != Longest/2 {
			check.Fail(t,
				"After %d failures and with random() = 0, the wait is %v instead of 15 s: the "+
					"number does not fit, it has overflowed. The page "+
					"hammers a server that is down.",
				"失败 %d 次之后，random() 为 0，等待不是 15 秒，而是 %v：数字装不下，溢出了。"+
					"页面会对着一台宕机的服务器猛敲。", attempt, got)
		}
	}
}
