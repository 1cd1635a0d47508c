// Texts of an exercise's page, in both languages.

export const texts = {
  en: {
    passed: "Solved.", right: "right", wrong: "not yet", later: "not checked yet", checking: "Checking…", unreachable: "The lab does not answer. Is it still running?",
    field: "field", yours: "yours", expected: "expected", answer: "The right answer:", tries: "Wrong answers to this slot: {0}. From the third on, the right one is shown.",
    reset: "Reset", undo: "Back to my code",
    copied: "Copied", copy: "Copy", noFrame: "This browser cannot run the check: {0}",
    forget: "Forget what you solved in this browser?",
  },
  zh: {
    passed: "通过。", right: "对", wrong: "还不对", later: "还没检查", checking: "正在检查…", unreachable: "实验室没有响应。它还在运行吗？",
    field: "字段", yours: "你的", expected: "应为", answer: "正确答案：", tries: "这一格答错的次数：{0}。从第三次起会显示正确答案。",
    reset: "恢复原样", undo: "换回我的代码",
    copied: "已复制", copy: "复制", noFrame: "这个浏览器运行不了检查：{0}",
    forget: "要清除这个浏览器里的练习进度吗？",
  },
};
