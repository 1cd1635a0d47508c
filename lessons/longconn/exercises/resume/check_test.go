//go:build exercise

package resume_test

import (
	"net/http/httptest"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/resume"
)

// cursor asks with a query and a header; empty means without.
func cursor(query, header string, last int64) (int64, error) {
	r := httptest.NewRequest("GET", "/events"+query, nil)
	if header != "" {
		r.Header.Set("Last-Event-ID", header)
	}
	return Cursor(r, last)
}

// Step: the first visit / 第一次来
func TestFirstVisit(t *testing.T) {
	after, err := cursor("?after=6", "", 9)
	if err != nil {
		check.Fail(t, "A page with 6 messages opened ?after=6 and was refused: %v.",
			"有 6 条消息的页面打开 ?after=6，却被拒绝了：%v。", err)
	}
	check.Value(t, "cursor", after, 6, "A page that was loaded with 6 messages opens ?after=6.",
		"加载时已有 6 条消息的页面打开 ?after=6。")
	after, err = cursor("", "", 9)
	if err != nil {
		check.Fail(t, "A request without any cursor was refused: %v. It simply wants everything.",
			"没带任何游标的请求被拒绝了：%v。它只是想要全部消息。", err)
	}
	check.Value(t, "cursor", after, 0, "Without a cursor the stream begins at the beginning.",
		"没有游标就从头开始。")
}

// Step: reconnecting / 重连
func TestTheHeaderWins(t *testing.T) {
	after, err := cursor("?after=6", "9", 12)
	if err != nil {
		check.Fail(t, "A browser that resumes with Last-Event-ID: 9 was refused: %v.",
			"浏览器带着 Last-Event-ID: 9 来续传，却被拒绝了：%v。", err)
	}
	check.Value(t, "cursor", after, 9,
		"The browser reconnected: it repeats ?after=6 from long ago, and says Last-Event-ID: 9. "+
			"With 6 it gets 7, 8 and 9 a second time.",
		"浏览器重连了：它重复很久以前的 ?after=6，同时说 Last-Event-ID: 9。"+
			"按 6 来发，7、8、9 会收到第二遍。")
	if after, err = cursor("", "9", 12); err != nil || after != 9 {
		check.Fail(t, "Last-Event-ID: 9 without a query gave the cursor %d and the error %v.",
			"只有 Last-Event-ID: 9，没有查询参数，得到游标 %d 和错误 %v。", after, err)
	}
	after, err = cursor("?after=900", "2", 12)
	if err != nil || after != 2 {
		check.Fail(t,
			"The server was restarted while the page was open: the page was loaded with "+
				"?after=900 and says Last-Event-ID: 2 by now. That gave the cursor %d and the "+
				"error %v: the header wins, also with a smaller number.",
			"页面开着的时候服务器重启过：页面加载时是 ?after=900，现在说 Last-Event-ID: 2。"+
				"得到游标 %d 和错误 %v：以头部为准，哪怕数字更小。", after, err)
	}
}

// Step: a restarted log / 重启的日志
func TestTheLogHasRestarted(t *testing.T) {
	for _, c := range []struct {
		query, header string
		last          int64
	}{{"", "900", 3}, {"?after=900", "", 3}, {"", "900", 0}} {
		after, err := cursor(c.query, c.header, c.last)
		if err != nil {
			check.Fail(t,
				"The server was restarted, the last id of its log is %d, and a page comes with "+
					"900. It was refused: %v. EventSource gives up for good on an error.",
				"服务器重启过，日志最后的编号是 %d，一个页面带着 900 来。它被拒绝了：%v。"+
					"EventSource 遇到错误就再也不试了。", c.last, err)
		}
		check.Value(t, "cursor", after, 0,
			"The server was restarted, the last id of its log is %d, and a page comes with 900. "+
				"The ids began at 1 again: the page must get everything, and after "+
				"any other cursor it misses messages.",
			"服务器重启过，日志最后的编号是 %d，一个页面带着 900 来。编号又从 1 开始了："+
				"页面要收到全部消息，从别的游标开始都会漏掉一些。", c.last)
	}
	after, _ := cursor("", "3", 3)
	check.Value(t, "cursor", after, 3,
		"The browser has the last message, 3 of 3: nothing is sent again.",
		"浏览器已有最后一条，3 条里的第 3 条：什么都不用重发。")
}

// Step: bad cursors / 错误的游标
func TestNonsense(t *testing.T) {
	for _, text := range []string{"nine", "-1", "9.5", "9x", "0x9"} {
		if after, err := cursor("", text, 12); err == nil {
			check.Fail(t,
				"Last-Event-ID: %s was taken for %d: a cursor that is not a whole number from 0 "+
					"up is an error, not a guess.",
				"Last-Event-ID: %s 被当成了 %d：不是从 0 起的整数就应该报错，而不是猜。",
				text, after)
		}
		if after, err := cursor("?after="+text, "", 12); err == nil {
			check.Fail(t,
				"?after=%s was taken for %d: a cursor that is not a whole number "+
					"from 0 up is an error, not a guess.",
				"?after=%s 被当成了 %d：不是从 0 起的整数就应该报错，而不是猜。", text, after)
		}
		if after, err := cursor("?after=6", text, 12); err == nil {
			check.Fail(t,
				"Last-Event-ID: %s came together with ?after=6, and the cursor is %d: a header "+
					"that cannot be read is an error, and the query does not replace it.",
				"Last-Event-ID: %s 和 ?after=6 一起到来，游标是 %d："+
					"头部读不懂就应该报错，不能改用查询参数。", text, after)
		}
	}
	const large = "99999999999999999999" // larger than every id, and than an int64
	if after, err := cursor("", large, 12); err == nil && after != 0 {
		check.Fail(t,
			"Last-Event-ID: %s gave the cursor %d. It is larger than "+
				"every id: that is 0, or an error.",
			"Last-Event-ID: %s 得到游标 %d。它比任何编号都大：应该是 0，或者报错。", large, after)
	}
}
