page({ messages: "ul", state: "p" });

const shown = ({ $ }) => [...$("messages").children].map((item) => item.textContent);
const newest = ({ sockets }) => sockets.at(-1);
const seconds = (ms) => Math.round(ms / 100) / 10;
const message = (id) => ({ id, from: "ann", text: `text ${id}` });

/** Opens the page and accepts its connection. */
async function connect(world) {
  await world.open();
  if (world.sockets.length === 0) fail("The page opens no WebSocket.", "页面没有打开 WebSocket。");
  newest(world).accept();
  await world.settle();
}

/** Loses the connection and returns the time in ms until the page connects again. */
async function lose(world, limit = 600_000) {
  const [before, lost] = [world.sockets.length, world.clock.now];
  newest(world).cut();
  await world.settle();
  await world.until(() => world.sockets.length > before, limit);
  if (world.sockets.length === before) {
    fail(`The connection is lost, and after ${limit / 60_000} minutes the page has not connected again.`, `连接断了，过了 ${limit / 60_000} 分钟，页面还没有重新连接。`);
  }
  const wait = newest(world).openedAt - lost;
  await world.advance(2000); // for another one, which should not come
  if (world.sockets.length > before + 1) {
    fail("One loss, and the page opens two connections: it reacts to the loss twice, to error and to close.", "只断了一次，页面却打开了两个连接：同一次断线它听到了两遍，error 一遍，close 一遍。");
  }
  return wait;
}

/** Returns the waits after several failures in a row. */
async function waits(world, times) {
  await connect(world);
  const all = [];
  for (let i = 0; i < times; i++) all.push(await lose(world));
  return all;
}

check("messages appear", "显示消息", async (world) => {
  await connect(world);
  newest(world).receive(message(1));
  newest(world).receive(message(2));
  await world.settle();
  if (shown(world).join() !== "ann: text 1,ann: text 2") fail(`Two messages came; the list shows: ${shown(world).join(", ")}.`, `来了两条消息，列表里是：${shown(world).join("，")}。`);
  if (world.$("state").textContent !== "live") fail("The connection is open, and the state does not say live.", "连接已经打开，状态却不是 live。");
});

check("it waits before it connects again", "先等一等再重连", async (world) => {
  world.random = 0.9;
  await connect(world);
  const wait = await lose(world);
  if (wait < 50) fail("The page connects again in the same moment: a server that restarts gets thousands of handshakes.", "连接一断，页面马上又连：正在重启的服务器会收到成千上万次握手。");
  if (wait > 1000) fail(`The first wait is ${seconds(wait)} s: it should be at most 1 s.`, `第一次等了 ${seconds(wait)} 秒：最多应该等 1 秒。`);
});

check("it asks for what it missed, once", "只补错过的消息", async (world) => {
  await connect(world);
  for (const id of [1, 2, 3]) newest(world).receive(message(id));
  await lose(world);
  const after = new URL(newest(world).url).searchParams.get("after");
  if (after !== "3") {
    fail(`The newest message is 3, and the page connects with after=${after}: the server sends what is newer than that.`, `最新一条是 3，页面却带着 after=${after} 去连：服务器会从那之后开始发。`);
  }
  newest(world).accept();
  newest(world).receive(message(4));
  await world.settle();
  if (shown(world).length !== 4) fail(`Messages 1 to 4 have come; the list has ${shown(world).length} lines.`, `1 到 4 都来了，列表里却有 ${shown(world).length} 行。`);
});

check("two pages do not wait equally long", "两个页面等的时间不一样", async (world) => {
  world.random = 0.1;
  const mine = (await waits(world, 3)).at(-1);
  const other = world.another();
  other.random = 0.9;
  const theirs = (await waits(other, 3)).at(-1);
  if (Math.abs(mine - theirs) < 300) {
    fail(`Two pages that lost the server together both wait ${seconds(mine)} s, and return together: add jitter, from Math.random. Both have the same clock.`, `两个页面同时断线，又都等了 ${seconds(mine)} 秒，会一起回来：要用 Math.random 加抖动，两个页面的时钟是一样的。`);
  }
});

check("each failure makes the wait longer", "每失败一次，等得更久", async (world) => {
  world.random = 0.999;
  const [first, second, third, fourth] = await waits(world, 4);
  if (fourth < first * 1.5) fail(`The waits are ${[first, second, third, fourth].map(seconds).join(", ")} s: they do not grow.`, `几次等待是 ${[first, second, third, fourth].map(seconds).join("、")} 秒：没有变长。`);
  if (second > 2100 || third > 4100 || fourth > 8100) fail(`The waits are ${[first, second, third, fourth].map(seconds).join(", ")} s: the most are 1, 2, 4 and 8 s.`, `几次等待是 ${[first, second, third, fourth].map(seconds).join("、")} 秒：最多应该是 1、2、4、8 秒。`);
});

check("no wait is longer than 30 s", "最多等 30 秒", async (world) => {
  world.random = 0.999;
  await connect(world);
  let most = 0;
  for (let i = 0; i < 16 && most <= 30_000; i++) most = Math.max(most, await lose(world));
  if (most > 30_000) fail(`After several failures the page waits ${seconds(most)} s: 30 s are the most, jitter included.`, `连续失败几次之后，页面要等 ${seconds(most)} 秒：连抖动在内，最多 30 秒。`);
  if (most < 15_000) fail(`After 16 failures in a row the page still waits only ${seconds(most)} s: the waits should grow by half or more each time, until they are near 30 s.`, `连续失败 16 次之后，页面还是只等 ${seconds(most)} 秒：每次至少应该多等一半，直到接近 30 秒。`);
});

check("after a success it starts over", "连上之后从头算起", async (world) => {
  world.random = 0.999;
  await waits(world, 5);
  newest(world).accept();
  await world.advance(60_000);
  const wait = await lose(world);
  if (wait > 1000) fail(`A connection opened and lasted a minute; no message came. After the next loss the page waits ${seconds(wait)} s, as if the failures before still counted.`, `连接打开了一分钟，期间没有消息。再断线时页面却等了 ${seconds(wait)} 秒，好像之前的失败还算数。`);
});
