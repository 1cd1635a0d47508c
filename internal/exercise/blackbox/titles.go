package blackbox

// titles are the titles of the steps, in English and Chinese.
var titles = map[string][][2]string{
	"blackbox-polling": {
		{"publishing", "发布消息"}, {"an immediate answer", "立刻应答"},
		{"all newer messages, in order", "更新的全部消息，按顺序"},
		{"bad cursors", "错误的游标"}, {"many clients at once", "许多客户端同时发布"},
	},
	"blackbox-longpoll": {
		{"publishing", "发布消息"}, {"holding a request", "挂起请求"},
		{"a message ends the wait", "消息结束等待"},
		{"a message wakes all", "消息叫醒全部"}, {"clients that leave", "离开的客户端"},
	},
	"blackbox-sse": {
		{"publishing", "发布消息"}, {"opening a stream", "打开流"}, {"live events", "实时事件"},
		{"a stream from the beginning", "从头开始的流"},
		{"resuming", "断点续传"}, {"the header before the query", "头部优先于查询参数"},
		{"clients that leave", "离开的客户端"},
	},
}

// Title returns the title of a step, counted from 0, in English and Chinese, "" if it has none.
func Title(exercise string, step int) (en, zh string) {
	if all := titles[exercise]; step < len(all) {
		return all[step][0], all[step][1]
	}
	return "", ""
}
