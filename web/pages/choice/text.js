// Texts of the page choice, in both languages.

export const texts = {
  en: {
    question: "question {0}", answer: "answer", lost: "The tree cannot be loaded: {0}",
    take: "Take: {0}", case: "This is the case “{0}”.", change: "change",
    read: "Lesson:", try: "Try it:", rows: "Figures:",
    source: "source", sourceOf: "the source of: {0}",
    left: "left", out: "out", taken: "take this",
  },
  zh: {
    question: "问题 {0}", answer: "答案", lost: "无法加载这棵树：{0}",
    take: "用：{0}", case: "这就是“{0}”的情况。", change: "修改",
    read: "课文：", try: "动手：", rows: "数据：",
    source: "来源", sourceOf: "来源：{0}",
    left: "还在", out: "排除", taken: "选它",
  },
};
