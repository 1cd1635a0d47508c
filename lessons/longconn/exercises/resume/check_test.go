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

func TestFirstVisit(t *testing.T) {
	after, err := cursor("?after=6", "", 9)
	if err != nil {
		check.Fail(t, "A page with 6 messages opened ?after=6 and was refused: %v.", "有 6 条消息的页面打开 ?after=6，却被拒绝了：%v。", err)
	}
	check.Value(t, "cursor", after, 6, "A page that was loaded with 6 messages opens ?after=6.", "加载时已有 6 条消息的页面打开 ?after=6。")
	after, err = cursor("", "", 9)
	if err != nil {
		check.Fail(t, "A request without any cursor was refused: %v. It simply wants everything.", "没带任何游标的请求被拒绝了：%v。它只是想要全部消息。", err)
	}
	check.Value(t, "cursor", after, 0, "Without a cursor the stream begins at the beginning.", "没有游标就从头开始。")
}

func TestTheHeaderWins(t *testing.T) {
	after, err := cursor("?after=6", "9", 12)
	if err != nil {
		check.Fail(t, "A browser that resumes with Last-Event-ID: 9 was refused: %v.", "浏览器带着 Last-Event-ID: 9 来续传，却被拒绝了：%v。", err)
	}
	check.Value(t, "cursor", after, 9, "The browser reconnected: it repeats ?after=6 from long ago, and says Last-Event-ID: 9. With 6 it gets 7, 8 and 9 a second time.",
		"浏览器重连了：它重复很久以前的 ?after=6，同时说 Last-Event-ID: 9。按 6 来发，7、8、9 会收到第二遍。")
	if after, err = cursor("", "9", 12); err != nil || after != 9 {
		check.Fail(t, "Last-Event-ID: 9 without a query gave %d, %v.", "只有 Last-Event-ID: 9，没有查询参数，得到 %d、%v。", after, err)
	}
}

func TestStartedAnew(t *testing.T) {
	after, err := cursor("", "900", 3)
	if err != nil {
		check.Fail(t, "The server was started anew and has 3 messages; a browser resumes after 900 and is refused: %v. EventSource gives up for good on an error.",
			"服务器重启过，现有 3 条消息；浏览器从 900 续传，却被拒绝：%v。EventSource 遇到错误就再也不试了。", err)
	}
	check.Value(t, "cursor", after, 0, "The log has 3 messages, the browser has 900: the ids began at 1 again, and after 900 nothing would come for a long time.",
		"日志只有 3 条，浏览器却有 900：编号又从 1 开始了，900 之后很久都不会有消息。")
	after, _ = cursor("", "3", 3)
	check.Value(t, "cursor", after, 3, "The browser has the last message, 3 of 3: nothing is sent again.", "浏览器已有最后一条，3 条里的第 3 条：什么都不用重发。")
}

func TestNonsense(t *testing.T) {
	for _, text := range []string{"nine", "-1", "9.5", "99999999999999999999"} {
		if after, err := cursor("", text, 12); err == nil {
			check.Fail(t, "Last-Event-ID: %s was taken for %d: what cannot be an id is an error, not a guess.", "Last-Event-ID: %s 被当成了 %d：不可能是编号的东西应该报错，而不是猜。", text, after)
		}
		if after, err := cursor("?after="+text, "", 12); err == nil {
			check.Fail(t, "?after=%s was taken for %d: what cannot be an id is an error, not a guess.", "?after=%s 被当成了 %d：不可能是编号的东西应该报错，而不是猜。", text, after)
		}
	}
}
