page({ messages: "ul", unread: "b" });

const shown = ({ $ }) => [...$("messages").children].map((item) => item.textContent);

/** Opens the page and connects it. */
async function connect(world) {
  await world.open();
  await world.advance(100);
}

/** Loses the connection. The page comes back within ten seconds. */
async function lose(world) {
  world.server.cut();
  await world.advance(10_000);
}

check("a message appears once", "一条消息显示一次", async (world) => {
  await connect(world);
  world.server.emit("chat message", "first");
  await world.settle();
  const items = shown(world);
  if (items.length === 0) fail("A message arrives and the list stays empty: who listens for chat message?", "来了一条消息，列表还是空的：谁在监听 chat message？");
  if (items.length > 1 || items[0] !== "first") {
    fail(`After one message the list shows: ${items.join(", ")}.`, `来了一条消息，列表里却是：${items.join("，")}。`);
  }
});

check("hello goes out after every connect", "每次连上都说 hello", async (world) => {
  await connect(world);
  if (world.server.named("hello").length === 0) fail("The page connects and does not say hello.", "页面连上了，却没有说 hello。");
  if (world.server.named("hello").length > 1) fail("The page says hello more than once after one connect.", "连上一次，页面说了不止一次 hello。");
  for (const times of [2, 3]) {
    await lose(world);
    const said = world.server.named("hello").length;
    if (said < times) {
      fail("After a reconnect the page does not say hello: the server has forgotten it, and sends it nothing.", "重连之后页面没有再说 hello：服务器已经不认识它，什么都不会发给它。");
    }
    if (said > times) fail(`After ${times} connects the page has said hello ${said} times.`, `连上 ${times} 次，页面却说了 ${said} 次 hello。`);
  }
});

check("a message appears once after reconnects, too", "重连之后，一条消息仍然只显示一次", async (world) => {
  await connect(world);
  await lose(world);
  await lose(world);
  world.server.emit("chat message", "after lunch");
  await world.settle();
  const items = shown(world);
  if (items.length === 0) fail("After a reconnect the list shows no message any more: is its listener gone?", "重连之后，列表里不再出现消息：它的监听函数没了吗？");
  if (items.length > 1) {
    fail(
      `After two reconnects one message appears ${items.length} times. The socket keeps its listeners when it reconnects: how many has it by now?`,
      `重连两次之后，一条消息显示了 ${items.length} 次。socket 重连时会保留它的监听函数：现在一共有几个？`);
  }
});

check("the badge still counts", "未读数照常增加", async (world) => {
  await connect(world);
  world.server.emit("chat message", "one");
  await lose(world);
  world.server.emit("chat message", "two");
  await world.settle();
  const count = world.$("unread").textContent;
  if (count === "2") return;
  if (Number(count) > 2) fail(`Two messages came, and the badge says ${count}.`, `来了两条消息，未读数却是 ${count}。`);
  fail("The badge no longer counts: its listener belongs to another part of the page and must stay.", "未读数不再增加了：它的监听函数属于页面的另一部分，必须留着。");
});
