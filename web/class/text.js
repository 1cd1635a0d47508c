// Texts of the pages of the class, in both languages.

export const texts = {
  en: {
    badName: "A name has 1 to 24 printable characters.", wrongCode: "Wrong code: look at the teacher's screen.", taken: "This name is taken: choose another one.", isClosed: "The teacher has closed the class.", full: "The class is full or busy: try again soon, or tell the teacher.",
    live: "live", away: "not connected", over: "time is up", copied: "copied",
    score: "{0} of {1} solved", done: "solved", started: "begun", failing: "check failed", here: "at it now", fresh: "not begun",
    group: "Group {0}", groupHead: "Group", exercise: "Exercise", question: "Question", vote: "Vote", joinFirst: "Join the class", atClass: "The class is at: {0}", go: "Go there", openDemo: "Open it", oldKey: "This key is old: open the address in the terminal.", following: "Follow", voteNow: "A question is open",
    showThis: "Show this page to the class", lead: "The class follows me", wall: "The wall",
    alone: "Think for yourself, then vote.", again: "Talk to your neighbour, then vote again.", counted: "The votes are counted.", shifted: "So the class voted after talking.", revealed: "The answer",
    voted: "{0} of {1} have voted", mine: "your vote", right: "right", first: "alone", second: "after talking", isRight: "Your last vote is right.", isWrong: "Your last vote is not right.", noVote: "You did not vote.",
    shift: "After talking, {0} moved to the right answer, {1} moved away from it.", context: "What you need to know", missed: "Who chose this: {0}",
    close: "Count the votes", revote: "Vote again, after talking", count2: "Count again", reveal: "Show the answer", end: "End the question", bytes: "Show the bytes: open {0}",
    student: "Name", solved: "Solved", at: "At", since: "For", tries: "Tries", message: "Last message", minutes: "{0} min", all: "all solved", exercisesOf: "Exercises of {0}", present: "{0} here, {1} joined", quiet: "not heard of for {0} min",
    triesHints: "Tries: {0}, hints: {1}", nobody: "Nobody is stuck.", nothing: "No failed checks.", students: "{0}×", code: "Likely code:", claim: "{0} asks for the seat again", grant: "Give it", refuse: "Refuse",
    sure: "Remove {0} from the class? Their work stays on their machine.", sureClose: "Close the class? Nobody can join, vote or report until you open it again.", closed: "closed", shownNow: "Shown now: {0}", none: "Nothing is shown.", demo: "{0} (demo)", sentTo: "Everyone: {0}",
  },
  zh: {
    badName: "名字是 1 到 24 个可显示的字符。", wrongCode: "加入码不对：请看老师的屏幕。", taken: "这个名字已被占用：请换一个。", isClosed: "老师已经结束课堂。", full: "课堂已满或正忙：请稍后再试，或告诉老师。",
    live: "实时", away: "未连接", over: "时间到", copied: "已复制",
    score: "通过 {0} / {1}", done: "已通过", started: "已动手", failing: "检查没过", here: "正在做", fresh: "还没开始",
    group: "第 {0} 组", groupHead: "小组", exercise: "练习", question: "提问", vote: "投票", joinFirst: "加入课堂", atClass: "全班在看：{0}", go: "前往", openDemo: "打开演示", oldKey: "密钥已过期：请打开终端里打印的地址。", following: "跟随", voteNow: "正在投票",
    showThis: "把本页展示给全班", lead: "全班跟随我", wall: "大屏",
    alone: "先自己想，再投票。", again: "和邻座讨论，再投一次。", counted: "票数如下。", shifted: "讨论之后的票数。", revealed: "答案",
    voted: "{1} 人中 {0} 人已投票", mine: "你的票", right: "正确", first: "独立", second: "讨论后", isRight: "你最后一票是对的。", isWrong: "你最后一票不对。", noVote: "你没有投票。",
    shift: "讨论之后，{0} 人改对了，{1} 人改错了。", context: "需要知道的内容", missed: "选它的人：{0}",
    close: "停止投票并计票", revote: "讨论后再投一次", count2: "再次计票", reveal: "公布答案", end: "结束提问", bytes: "看字节：打开 {0}",
    student: "名字", solved: "通过", at: "正在做", since: "已用时", tries: "次数", message: "最近的提示", minutes: "{0} 分钟", all: "全部通过", exercisesOf: "{0} 的练习", present: "{0} 人在场，{1} 人加入", quiet: "已 {0} 分钟没有消息",
    triesHints: "检查 {0} 次，提示 {1} 条", nobody: "没有人卡住。", nothing: "没有失败的检查。", students: "{0} 人", code: "代码可能是：", claim: "{0} 请求回到座位", grant: "同意", refuse: "拒绝",
    sure: "把 {0} 移出课堂吗？对方机器上的练习不受影响。", sureClose: "结束课堂吗？重新开放之前，不能加入、投票或上报进度。", closed: "已结束", shownNow: "正在展示：{0}", none: "没有展示内容。", demo: "{0}（演示）", sentTo: "全班：{0}",
  },
};
