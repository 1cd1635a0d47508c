page({ messages: "ul", state: "p", again: "button" });

const shown = ({ $ }) => [...$("messages").children].map((item) => item.textContent);
const newest = ({ sources }) => sources.at(-1);
const requests = ({ sources }) => sources.reduce((sum, { requests }) => sum + requests.length, 0);

/** Opens the page, and sends it two events. */
async function begin(world) {
  await world.open();
  world.$("again").hidden = true;
  if (world.sources.length === 0) fail("The page opens no EventSource.", "页面没有打开 EventSource。");
  newest(world).accept();
  newest(world).receive({ id: 1, data: "one" });
  newest(world).receive({ id: 2, data: "two" });
  await world.settle();
}

check("messages appear", "显示消息", async (world) => {
  await begin(world);
  if (shown(world).join() !== "one,two") fail(`Two messages came; the list shows: ${shown(world).join(", ")}.`, `来了两条消息，列表里是：${shown(world).join("，")}。`);
  if (world.$("state").textContent !== "live") fail("The stream is open, and the state does not say live.", "流已经打开，状态却不是 live。");
});

check("a lost connection: the browser reconnects", "连接断了：让浏览器去重连", async (world) => {
  await begin(world);
  const [source] = world.sources;
  source.cut();
  await world.settle();
  if (source.readyState === 2) {
    fail("The connection was lost for a moment, and the page closes the EventSource. The browser would have reconnected by itself, with Last-Event-ID.", "连接只断了一下，页面就关掉了 EventSource。浏览器本来会自己重连，还会带上 Last-Event-ID。");
  }
  if (world.$("state").textContent !== "reconnecting") {
    fail(`The browser is about to reconnect; the state says ${world.$("state").textContent} instead of reconnecting.`, `浏览器正要重连，状态是 ${world.$("state").textContent}，应为 reconnecting。`);
  }
  await world.advance(4000);
  if (world.sources.length > 1) fail("The browser reconnects, and the page opens a second EventSource beside it: every message will come twice.", "浏览器在重连，页面又另开了一个 EventSource：每条消息都会来两次。");
  source.accept();
  source.receive({ id: 3, data: "three" });
  await world.settle();
  if (world.$("state").textContent !== "live") fail("The stream is open again, and the state does not say live.", "流又打开了，状态却不是 live。");
  if (shown(world).join() !== "one,two,three") fail(`After the reconnect the list shows: ${shown(world).join(", ")}.`, `重连之后，列表里是：${shown(world).join("，")}。`);
});

check("a refusal: the page stops and says so", "被拒绝：停下来，并且说出来", async (world) => {
  await begin(world);
  newest(world).cut();
  await world.advance(3500);
  newest(world).refuse();
  await world.settle();
  const before = requests(world);
  if (world.$("state").textContent !== "stopped") {
    fail(`The server answered 403: the browser has given up (readyState CLOSED) and will not ask again. The state says ${world.$("state").textContent} instead of stopped.`, `服务器返回了 403：浏览器已经放弃（readyState 是 CLOSED），不会再问。状态是 ${world.$("state").textContent}，应为 stopped。`);
  }
  if (world.$("again").hidden) fail("The page has stopped, and the button that tries again is hidden.", "页面已经停下，重试的按钮却还藏着。");
  await world.advance(600_000);
  const more = requests(world) - before;
  if (more > 0) fail(`The server refuses, and in ten minutes the page asks it ${more} more times. The reader decides when to try again.`, `服务器拒绝了，十分钟内页面又问了它 ${more} 次。什么时候重试，由读者决定。`);
});

check("the button goes on where the page stopped", "按钮从停下的地方继续", async (world) => {
  await begin(world);
  newest(world).refuse();
  await world.settle();
  const before = world.sources.length;
  world.$("again").click();
  await world.settle();
  if (world.sources.length === before) fail("The button is pressed, and the page opens no EventSource.", "按了按钮，页面没有打开 EventSource。");
  if (world.sources.length > before + 1) fail("One press of the button opens more than one EventSource.", "按一次按钮，打开了不止一个 EventSource。");
  const after = new URL(newest(world).url).searchParams.get("after");
  if (after !== "2") {
    fail(`A new EventSource knows no Last-Event-ID. The page asks for ${new URL(newest(world).url).pathname}${new URL(newest(world).url).search}: message 2 was the newest.`, `新的 EventSource 不知道 Last-Event-ID。页面请求的是 ${new URL(newest(world).url).pathname}${new URL(newest(world).url).search}，而最新一条是 2。`);
  }
  newest(world).accept();
  newest(world).receive({ id: 3, data: "three" });
  await world.settle();
  if (world.$("state").textContent !== "live") fail("The stream is open again, and the state does not say live.", "流又打开了，状态却不是 live。");
  if (!world.$("again").hidden) fail("The stream is open again, and the button is still there.", "流又打开了，按钮却还在。");
});

check("the end is the end", "结束就是结束", async (world) => {
  await begin(world);
  const source = newest(world);
  source.receive({ event: "end", data: "" });
  await world.settle();
  source.cut(); // the response ends
  await world.advance(60_000);
  if (world.$("state").textContent !== "finished") {
    fail(`The server sent the event end, and then its response ended. The state says ${world.$("state").textContent} instead of finished.`, `服务器发了 end 事件，然后结束了响应。状态是 ${world.$("state").textContent}，应为 finished。`);
  }
  if (requests(world) > 1) fail("The broadcast is over, and the browser asks again every few seconds: for an EventSource, the end of a response is a lost connection.", "直播结束了，浏览器还是每隔几秒就来问一次：对 EventSource 来说，响应结束就是断线。");
  if (!world.$("again").hidden) fail("The broadcast is over, and the page offers to try again.", "直播结束了，页面却还提供重试。");
});
