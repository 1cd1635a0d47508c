//go:build exercise

package backoff_test

import (
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/backoff"
)

func always(x float64) func() float64 { return func() float64 { return x } }

func TestDoubles(t *testing.T) {
	for attempt, want := range []time.Duration{250, 500, 1000, 2000, 4000} {
		got := Delay(attempt, always(0)).Round(time.Millisecond)
		check.Value(t, "wait", got, want*time.Millisecond, "Attempt %d with random() = 0: the wait is half of 500 ms · 2^%[1]d.",
			"attempt 为 %d、random() 为 0：等待是 500 毫秒 · 2^%[1]d 的一半。", attempt)
	}
}

func TestChance(t *testing.T) {
	check.Value(t, "wait", Delay(2, always(0.5)).Round(time.Millisecond), 1500*time.Millisecond,
		"Attempt 2 with random() = 0.5: half of 2 s, plus half of the other half. Without chance a thousand clients come back in the same millisecond.",
		"attempt 为 2、random() 为 0.5：2 秒的一半，再加上另一半的一半。没有随机，一千个客户端会在同一毫秒回来。")
}

func TestNeverTooLong(t *testing.T) {
	for _, attempt := range []int{6, 7, 10, 20} {
		if got := Delay(attempt, always(0.999)); got > Longest {
			check.Fail(t, "After %d failures the wait is %v: the server is back for minutes, and the page does not know. 30 s is the most.",
				"失败 %d 次之后要等 %v：服务器早就好了，页面还不知道。最多 30 秒。", attempt, got)
		}
		if got := Delay(attempt, always(0)); got < Longest/2 {
			check.Fail(t, "After %d failures the wait is %v: the cap goes on the whole time, before chance; half of 30 s is the least here.",
				"失败 %d 次之后只等 %v：封顶要封在总时间上，然后才轮到随机；这里最少是 30 秒的一半。", attempt, got)
		}
	}
}

func TestNoOverflow(t *testing.T) {
	for _, attempt := range []int{33, 34, 35, 40, 55, 56, 63, 64, 1000, 1 << 30} {
		if got := Delay(attempt, always(0)); got != Longest/2 {
			check.Fail(t, "After %d failures the wait is %v: the number has overflowed, and the page hammers a server that is down.",
				"失败 %d 次之后等待变成 %v：数字溢出了，页面会对着一台宕机的服务器猛敲。", attempt, got)
		}
	}
}
