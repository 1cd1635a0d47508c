page({ board: "div", text: "input", send: "button" });

const cursors = ({ server }) => server.named("cursor").map(({ args }) => args.join());
const said = ({ server }) => server.named("chat message").map(({ args }) => args[0]);

async function connect(world) {
  await world.open();
  await world.advance(100);
}

/** Moves the cursor from x to x, one step every 50 ms. */
async function move(world, from, to) {
  for (let x = from; x <= to; x++) {
    world.$("board").dispatchEvent({ type: "pointermove", clientX: x, clientY: 7 });
    await world.advance(50);
  }
}

async function write(world, text) {
  world.$("text").value = text;
  world.$("send").click();
  await world.advance(50);
}

/** Takes the connection away, lets f happen, and gives it back. */
async function tunnel(world, f) {
  world.server.up = false;
  world.server.cut();
  await world.advance(5000); // until the first attempt to reconnect, the client (ours and the official 4.8) buffers volatile events, too
  await f();
  world.server.up = true;
  await world.advance(15_000);
  if (world.server.sessions.filter(({ joined }) => joined).length < 2) fail("After the tunnel the page does not connect again.", "出了隧道，页面没有重新连上。");
}

check("connected: everything arrives", "连着的时候：全都送到", async (world) => {
  await connect(world);
  if (cursors(world).length > 0) fail(`The cursor has not moved yet, and the page sends the position ${cursors(world)[0]}.`, `光标还没有动过，页面就发了位置 ${cursors(world)[0]}。`);
  await move(world, 1, 5);
  if (cursors(world).join(" ") !== "1,7 2,7 3,7 4,7 5,7") fail(`The cursor moved from 1 to 5; the others see: ${cursors(world).join(" ") || "nothing"}.`, `光标从 1 移到 5，别人看到的是：${cursors(world).join(" ") || "什么都没有"}。`);
  await write(world, "hello");
  if (said(world).join() !== "hello") fail("A chat message does not arrive, though the page is connected.", "页面连着，聊天消息却没有送到。");
});

check("a chat message waits in the tunnel", "聊天消息在隧道里等着", async (world) => {
  await connect(world);
  await tunnel(world, async () => {
    for (const text of ["one", "two", "three"]) await write(world, text);
    await world.advance(20_000);
  });
  const texts = said(world);
  if (texts.length === 0) fail("Three chat messages were written in the tunnel, and none ever arrives. A volatile event is dropped while the client is not connected.", "在隧道里写了三条聊天消息，一条也没有送到。没有连接时，volatile 的事件直接丢掉。");
  if (texts.join() !== "one,two,three") fail(`Written in the tunnel: one, two, three. Arrived: ${texts.join(", ")}.`, `在隧道里写了 one、two、three，送到的是：${texts.join("、")}。`);
});

check("old positions do not", "旧的位置不要等", async (world) => {
  await connect(world);
  await tunnel(world, () => move(world, 1, 60));
  const seen = cursors(world);
  if (seen.length > 2) {
    fail(`After the tunnel the others see ${seen.length} positions of the last minutes in one go. Only the newest still means something.`, `出了隧道，别人一下子收到过去几分钟的 ${seen.length} 个位置。只有最新的那个还有意义。`);
  }
  if (seen.length > 0 && seen.at(-1) !== "60,7") fail(`The cursor is at 60,7 by now; the others see it at ${seen.at(-1)}.`, `光标已经到了 60,7，别人看到的却是 ${seen.at(-1)}。`);
});

check("after the tunnel the cursor is at its current position", "出了隧道，光标在它现在的位置", async (world) => {
  await connect(world);
  await move(world, 1, 2);
  await tunnel(world, () => move(world, 10, 20));
  if (cursors(world).length === 2) fail("The page is connected again, and until the reader moves, the others see the cursor where it was before the tunnel. Tell them once, on connect.", "页面又连上了；但在读者再移动之前，别人看到的还是进隧道之前的位置。连上时告诉他们一次。");
  if (cursors(world).at(-1) !== "20,7") fail(`The cursor is at 20,7; the others see it at ${cursors(world).at(-1)}.`, `光标在 20,7，别人看到的是 ${cursors(world).at(-1)}。`);
  await move(world, 21, 22);
  if (cursors(world).slice(-2).join(" ") !== "21,7 22,7") fail("After the tunnel the others no longer see the cursor move.", "出了隧道，别人再也看不到光标移动。");
});
