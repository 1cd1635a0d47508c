page({ bar: "progress", state: "p" });

const MiB = 1024 * 1024;
const size = MiB - 1000; // not a whole number of chunks
const content = Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 12)) & 255);
const file = { name: "film.mp4", size, slice: (from = 0, to = size) => content.slice(from, to) };
const kib = (bytes) => Math.round(bytes / 1024);
const said = ({ $ }) => $("state").textContent;

/** Opens the page on a network of that rate, in bytes per ms. */
async function begin(world, rate) {
  world.rate = rate;
  await world.open({ file });
  if (world.sockets.length !== 1) fail(`The page opens ${world.sockets.length} WebSockets instead of one.`, `页面打开了 ${world.sockets.length} 个 WebSocket，应为一个。`);
  const [socket] = world.sockets;
  socket.accept();
  await world.settle();
  return socket;
}

const arrived = (socket) => socket.received.reduce((sum, part) => sum + sizeOf(part), 0);

function whole(socket) {
  const all = new Uint8Array(arrived(socket));
  let at = 0;
  for (const part of socket.received) {
    all.set(new Uint8Array(part.buffer ?? part), at);
    at += sizeOf(part);
  }
  return all.length === size && all.every((byte, i) => byte === content[i]);
}

check("the file arrives whole", "文件完整送到", async (world) => {
  const socket = await begin(world, 100);
  await world.until(() => said(world) === "sent" && arrived(socket) >= size, 120_000);
  if (said(world) !== "sent" && arrived(socket) < size) {
    fail(`After two minutes ${kib(arrived(socket))} of ${kib(size)} KiB have arrived, and no more follow: does anything continue when the network has room again?`, `过了两分钟，${kib(size)} KiB 里只到了 ${kib(arrived(socket))}，后面没有了：网络又有空时，有人接着发吗？`);
  }
  await world.advance(2000);
  if (!whole(socket)) fail(`${kib(arrived(socket))} KiB have arrived, but not the file: a part is missing, comes twice, or is out of order.`, `到了 ${kib(arrived(socket))} KiB，却不是那个文件：有一段缺了、重复了，或者顺序不对。`);
});

check("at most 256 KiB wait for the network", "最多 256 KiB 在等网络", async (world) => {
  await begin(world, 100);
  await world.advance(3000);
  if (world.buffered > 256 * 1024) {
    fail(`${kib(world.buffered)} KiB wait in the page's memory for the network: send() does not block, it only queues. With a film of 2 GB the tab ends.`, `有 ${kib(world.buffered)} KiB 堆在页面的内存里等网络：send() 不会阻塞，只是排队。换成 2 GB 的电影，标签页就崩了。`);
  }
});

check("the network is never idle", "网络不闲着", async (world) => {
  const slow = await begin(world, 100);
  const began = world.clock.now;
  await world.until(() => arrived(slow) >= size, 120_000);
  const took = world.clock.now - began;
  if (took > size / 100 * 1.25) fail(`The network could have carried the file in ${Math.round(size / 1e5)} s; it took ${Math.round(took / 1000)} s, because the network had nothing to do in between.`, `按网速 ${Math.round(size / 1e5)} 秒就能传完，实际用了 ${Math.round(took / 1000)} 秒：中间网络常常没活干。`);
  const other = world.another();
  const fast = await begin(other, 10_000);
  await other.advance(2000);
  if (arrived(fast) < size) fail(`On a fast network only ${kib(arrived(fast))} KiB arrive in two seconds: the page pauses although the network has room.`, `网很快，两秒却只到了 ${kib(arrived(fast))} KiB：网络有空，页面却在歇着。`);
});

check("the bar shows what has left the page", "进度条显示真正发出去的", async (world) => {
  const socket = await begin(world, 100);
  for (let i = 0; i < 3; i++) {
    await world.advance(2500);
    const [bar, real] = [Number(world.$("bar").value), arrived(socket)];
    if (said(world) === "sent") break;
    if (Math.abs(bar - real) > 64 * 1024) fail(`The bar says ${kib(bar)} KiB; ${kib(real)} KiB have left the page.`, `进度条说 ${kib(bar)} KiB，真正发出去的是 ${kib(real)} KiB。`);
  }
  await world.until(() => said(world) === "sent", 60_000);
  if (said(world) === "sent" && arrived(socket) < size) fail(`The page says sent, and ${kib(size - arrived(socket))} KiB are still waiting in it.`, `页面说 sent，却还有 ${kib(size - arrived(socket))} KiB 在它那里等着。`);
  if (said(world) !== "sent") fail(`The file has left, and the state says ${said(world) || "nothing"} instead of sent.`, `文件已经发完，状态是“${said(world)}”，应为 sent。`);
  if (Number(world.$("bar").value) !== size) fail(`The file has left, and the bar stands at ${kib(Number(world.$("bar").value))} of ${kib(size)} KiB.`, `文件已经发完，进度条却停在 ${kib(Number(world.$("bar").value))}，一共 ${kib(size)} KiB。`);
  socket.closeByServer(1000);
  await world.settle();
  if (said(world) !== "sent") fail(`The whole file has left. Then the server closes the connection, and the state says ${said(world)}.`, `整个文件都发完了。服务器随后关闭连接，状态却成了 ${said(world)}。`);
});

check("a lost connection ends it", "断线就停", async (world) => {
  const socket = await begin(world, 100);
  await world.advance(4000);
  socket.cut();
  await world.advance(60_000);
  if (said(world) !== "failed") fail(`The connection is lost in the middle, and the state says ${said(world) || "nothing"} instead of failed.`, `传到一半断线，状态是“${said(world)}”，应为 failed。`);
  if (world.clock.pending > 0) fail("The connection is lost, and a minute later a timer of the page still runs.", "连接已经断了，一分钟之后页面的定时器还在跑。");
});
