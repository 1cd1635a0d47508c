// Texts of the button that opens five more streams, in both languages.

export const texts = {
  en: {
    slotOpen: "{0}: open", slotWaits: "{0}: waits",
    sevenOpen: "All are open: the limit of six connections does not apply here.",
    sevenWaits: "The seventh stream waits in the browser. Send a message: it waits, too.",
  },
  zh: {
    slotOpen: "{0}：已打开", slotWaits: "{0}：排队",
    sevenOpen: "全部打开了：这里没有六个连接的限制。",
    sevenWaits: "第七个流在浏览器里排队。发一条消息试试：它也得等。",
  },
};
