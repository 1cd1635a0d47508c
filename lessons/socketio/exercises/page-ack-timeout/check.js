page({ note: "textarea", save: "button", state: "p" });

const said = ({ $ }) => $("state").textContent;

async function connect(world) {
  await world.open();
  await world.advance(100);
}

/** Writes a text, presses Save, and returns the packet that arrives. */
async function save(world, text) {
  const before = world.server.named("save").length;
  world.$("note").value = text;
  world.$("save").click();
  await world.advance(100);
  const packets = world.server.named("save").slice(before);
  if (packets.length === 0) fail("Save is pressed, and no event save arrives: is the button still disabled?", "按了保存，却没有收到 save 事件：按钮还是禁用的吗？");
  if (packets.length > 1) fail("Save is pressed once, and the event save arrives more than once.", "按了一次保存，save 事件却来了不止一次。");
  const [packet] = packets;
  if (packet.args[0]?.text !== text) fail(`The note says ${text}; what arrives is ${JSON.stringify(packet.args[0])}.`, `笔记的内容是 ${text}，收到的却是 ${JSON.stringify(packet.args[0])}。`);
  if (packet.args[0].id === undefined || packet.args[0].id === null) fail("The event has no id: how should the server tell a second attempt from a second note?", "事件里没有 id：服务器怎样区分第二次尝试和第二条笔记？");
  return packet;
}

check("saved: the server says so", "保存成功：以服务器的回执为准", async (world) => {
  await connect(world);
  const packet = await save(world, "milk");
  if (!packet.wantsAck) fail("The event asks for no acknowledgement.", "这个事件没有要求回执。");
  if (said(world) !== "saving") fail(`No acknowledgement has come yet, and the page says ${said(world)} instead of saving.`, `回执还没有来，页面却显示 ${said(world)}，应为 saving。`);
  if (!world.$("save").disabled) fail("While the page waits, the button can be pressed again.", "还在等，按钮却又能按了。");
  packet.ack({ ok: true });
  await world.settle();
  if (said(world) !== "saved") fail(`The server has acknowledged, and the page says ${said(world)} instead of saved.`, `服务器已经发了回执，页面却显示 ${said(world)}，应为 saved。`);
  if (world.$("save").disabled) fail("The note is saved, and the button stays disabled.", "已经保存，按钮却还是禁用的。");
});

check("refused: the page says why", "被拒绝：说出原因", async (world) => {
  await connect(world);
  const packet = await save(world, "a very long note");
  packet.ack({ error: "too long" });
  await world.settle();
  if (said(world) === "saved") fail("The server answered {error: \"too long\"}, and the page says saved: an acknowledgement says that the server has handled the event, not that it agreed.", "服务器的回执是 {error: \"too long\"}，页面却显示 saved：回执只说明服务器处理过这个事件，不等于同意。");
  if (said(world) !== "refused: too long") fail(`The server answered {error: "too long"}; the page says ${said(world)} instead of refused: too long.`, `服务器的回执是 {error: "too long"}，页面显示 ${said(world)}，应为 refused: too long。`);
  if (world.$("save").disabled) fail("The note is refused, and the button stays disabled.", "笔记被拒绝，按钮却还是禁用的。");
});

check("no acknowledgement: after 3 s the page stops waiting", "没有回执：3 秒后不再等", async (world) => {
  await connect(world);
  await save(world, "milk");
  await world.advance(2500);
  if (said(world) !== "saving") fail(`After 2.6 s the page says ${said(world)}: it should wait 3 s.`, `才过 2.6 秒，页面就显示 ${said(world)}：应该等 3 秒。`);
  await world.advance(1000);
  if (said(world) === "saving") fail("No acknowledgement came, and after 3.6 s the page still says saving. Without a timeout it says so forever.", "没有回执，过了 3.6 秒页面还在 saving。没有超时，它会永远这样。");
  if (said(world) !== "not confirmed") fail(`No acknowledgement came, and the page says ${said(world)} instead of not confirmed: nobody knows whether the server has the note.`, `没有回执，页面显示 ${said(world)}，应为 not confirmed：谁也不知道服务器收到没有。`);
  if (world.$("save").disabled) fail("The page has stopped waiting, and the button stays disabled: the reader cannot try again.", "页面不再等了，按钮却还是禁用的：没法再试。");
});

check("a second attempt has the same id", "再试一次，id 不变", async (world) => {
  await connect(world);
  const first = await save(world, "milk");
  await world.advance(4000);
  const second = await save(world, "milk");
  if (second.args[0].id !== first.args[0].id) {
    fail("The first attempt may have arrived, and only its acknowledgement was lost. The second one has another id, so the server stores the note twice.", "第一次也许已经送到，丢的只是回执。第二次换了 id，服务器就会存两遍。");
  }
  second.ack({ ok: true });
  await world.settle();
  const third = await save(world, "eggs");
  if (third.args[0].id === first.args[0].id) fail("Another note has the id of the one before: the server takes it for a second attempt, and drops it.", "另一条笔记用了前一条的 id：服务器会当成重试，把它丢掉。");
});

check("two pages do not share an id", "两个页面的 id 不相同", async (world) => {
  await connect(world);
  const mine = await save(world, "milk");
  const other = world.another();
  await connect(other);
  const theirs = await save(other, "milk");
  if (mine.args[0].id === theirs.args[0].id) fail(`Two pages save in the same moment, and both send the id ${mine.args[0].id}: the server takes the note of the second for a repetition.`, `两个页面在同一刻保存，发的 id 都是 ${mine.args[0].id}：服务器会把第二个页面的笔记当成重复。`);
});

check("a late acknowledgement is not for the next note", "迟到的回执不算下一条的", async (world) => {
  await connect(world);
  const first = await save(world, "milk");
  await world.advance(4000);
  const second = await save(world, "eggs");
  first.ack({ ok: true });
  await world.settle();
  if (said(world) === "saved") fail("The late acknowledgement of the first note makes the page say saved, while the second note is still on its way.", "第一条迟到的回执让页面显示 saved，而第二条还在路上。");
  second.ack({ ok: true });
  await world.settle();
  if (said(world) !== "saved") fail(`The second note is acknowledged, and the page says ${said(world)}.`, `第二条的回执来了，页面却显示 ${said(world)}。`);
  await world.advance(10_000);
  if (said(world) !== "saved") fail(`The note is saved. Ten seconds later the page says ${said(world)}: is a timer still running?`, `笔记已经保存。十秒之后页面却显示 ${said(world)}：是不是有定时器还在跑？`);
});
