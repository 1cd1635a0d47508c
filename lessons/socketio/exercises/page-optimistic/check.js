page({ messages: "ul", text: "input", send: "button" });

const lines = ({ $ }) => [...$("messages").children];
const shown = (world) => lines(world).map((item) => item.textContent);
const marks = (world) => lines(world).map((item) => item.className);

async function connect(world) {
  await world.open();
  await world.advance(100);
}

/** Writes a message and returns the packet that arrives. */
async function write(world, text) {
  world.$("text").value = text;
  world.$("send").click();
  await world.settle();
  const early = { shown: shown(world), marks: marks(world) };
  await world.advance(50);
  const packet = world.server.named("chat message").at(-1);
  if (packet?.args[0]?.text !== text) fail(`The message ${text} does not reach the server.`, `消息 ${text} 没有到达服务器。`);
  return { ...packet, ...packet.args[0], early };
}

/** The server sends a message of the page back to everyone, with the name that it has for the reader. */
async function echo(world, { id, text }) {
  world.server.emit("chat message", { id, from: "ann", text });
  await world.settle();
}

check("a message appears at once, as waiting", "消息马上出现，标为 waiting", async (world) => {
  await connect(world);
  const { early } = await write(world, "hello");
  if (early.shown.join() !== "me: hello") fail(`The reader has sent hello; before the server says anything, the list shows: ${early.shown.join(", ") || "nothing"}.`, `读者发出了 hello；服务器还没有回话，列表里是：${early.shown.join("，") || "空的"}。`);
  if (early.marks[0] !== "waiting") fail("Nobody has confirmed the message yet, and its line does not have the class waiting: it looks as if it had arrived.", "消息还没有得到确认，这一行却没有 waiting 这个 class：看上去像已经送到了。");
  if (world.$("text").value !== "") fail("The message is sent, and its text is still in the input.", "消息已经发出，文字却还在输入框里。");
});

check("the acknowledgement confirms it", "回执确认它", async (world) => {
  await connect(world);
  const message = await write(world, "hello");
  if (!message.wantsAck) fail("The message asks for no acknowledgement: the page will never know whether it has arrived.", "消息没有要求回执：页面永远不知道它到了没有。");
  message.ack({ ok: true });
  await world.settle();
  if (marks(world)[0] !== "") fail(`The server has acknowledged the message, and its line still has the class ${marks(world)[0]}.`, `服务器已经发了回执，这一行的 class 却还是 ${marks(world)[0]}。`);
});

check("the page's own message appears once", "自己的消息只出现一次", async (world) => {
  await connect(world);
  const first = await write(world, "hello");
  first.ack({ ok: true });
  await echo(world, first);
  if (shown(world).length > 1) fail("The server sends the message back, as to everyone, and it stands in the list twice.", "服务器把消息发给所有人，也发回给自己，列表里就有了两条。");
  const second = await write(world, "early");
  await echo(world, second);
  second.ack({ ok: true });
  await world.settle();
  if (shown(world).join() !== "me: hello,me: early") fail(`The message came back before its acknowledgement. The list now shows: ${shown(world).join(", ")}.`, `消息比回执先回来。现在列表里是：${shown(world).join("，")}。`);
  if (marks(world).join("") !== "") fail("Both messages have arrived, and not both look so.", "两条都送到了，看上去却不是。");
});

check("equal texts are not the same message", "文字一样，不是同一条", async (world) => {
  await connect(world);
  const first = await write(world, "yes");
  const second = await write(world, "yes");
  if (first.id === undefined || first.id === second.id) fail("Two messages have the same id.", "两条消息的 id 一样。");
  for (const message of [first, second]) await echo(world, message);
  world.server.emit("chat message", { id: "of-bob", from: "bob", text: "yes" });
  await world.settle();
  if (shown(world).join() !== "me: yes,me: yes,bob: yes") fail(`I said yes twice, and Bob once. The list shows: ${shown(world).join(", ")}. Compare ids, not texts.`, `我说了两次 yes，Bob 一次。列表里是：${shown(world).join("，")}。要比较 id，不是文字。`);
});

check("without a confirmation it has failed, after 5 s", "5 秒没有确认，就是 failed", async (world) => {
  await connect(world);
  await write(world, "lost");
  await world.advance(4500);
  if (marks(world)[0] !== "waiting") fail(`After 4.5 s the line has the class ${marks(world)[0] || "of a message that has arrived"}: it should wait 5 s.`, `才过 4.5 秒，这一行就${marks(world)[0] ? `成了 ${marks(world)[0]}` : "像已经送到"}：应该等 5 秒。`);
  await world.advance(1000);
  if (marks(world)[0] !== "failed") fail("After 5.5 s nothing has confirmed the message, and its line does not have the class failed.", "过了 5.5 秒还没有确认，这一行却没有 failed 这个 class。");
  const refused = await write(world, "rude");
  refused.ack({ error: "not here" });
  await world.settle();
  if (marks(world)[1] !== "failed") fail("The server answered {error: \"not here\"}, and the line does not have the class failed.", "服务器的回执是 {error: \"not here\"}，这一行却没有 failed 这个 class。");
});

check("the broadcast confirms it, too", "广播回来也是确认", async (world) => {
  await connect(world);
  const message = await write(world, "hello");
  await echo(world, message); // its acknowledgement is lost
  if (marks(world)[0] !== "") fail("The message came back from the server, so it has arrived; its line still says waiting.", "消息从服务器回来了，说明已经送到，这一行却还是 waiting。");
  await world.advance(10_000);
  if (marks(world)[0] !== "") fail("The message came back from the server. Its acknowledgement was lost, and after 5 s the line says failed.", "消息已经从服务器回来。只是回执丢了，5 秒之后这一行却成了 failed。");
});

check("another reader may have the same name", "别的读者可以同名", async (world) => {
  await connect(world);
  await echo(world, await write(world, "hello"));
  world.server.emit("chat message", { id: "of-another", from: "ann", text: "hi" });
  world.server.emit("chat message", { id: "of-a-third", from: "me", text: "hey" });
  await world.settle();
  if (shown(world).join() !== "me: hello,ann: hi,me: hey") fail(`The server calls this reader ann. Another ann writes hi, and a reader with the name me writes hey. The list shows: ${shown(world).join(", ")}. A name does not tell whose message it is; the id does.`, `服务器把这位读者叫 ann。另一位 ann 写了 hi，一位叫 me 的读者写了 hey。列表里是：${shown(world).join("，")}。名字说明不了消息是谁的，id 才可以。`);
});

check("each confirmation is for its own message", "谁的确认算谁的", async (world) => {
  await connect(world);
  const first = await write(world, "yes");
  const second = await write(world, "yes");
  first.ack({ ok: true }); // its broadcast is lost
  await world.settle();
  await echo(world, second); // its acknowledgement is lost
  await world.advance(10_000);
  if (shown(world).length !== 2 || marks(world).join("") !== "") fail(`Two messages are sent. The first is acknowledged, and does not come back; the second comes back, and is not acknowledged. The classes are ${marks(world).map((mark) => mark || "none").join(", ")}: find the line by the id of the message, not by its place.`, `发了两条。第一条有回执，没有发回来；第二条发回来了，没有回执。class 是 ${marks(world).map((mark) => mark || "空").join("，")}：要按消息的 id 找那一行，不能按顺序。`);
});

check("a click sends it again, under the same id", "点一下重发，id 不变", async (world) => {
  await connect(world);
  const first = await write(world, "lost");
  await world.advance(6000);
  const before = world.server.named("chat message").length;
  lines(world)[0].click();
  await world.advance(50);
  const again = world.server.named("chat message").slice(before);
  if (again.length !== 1) fail(`A click on a failed message should send it once; ${again.length} arrive.`, `点一下 failed 的消息，应该重发一次；实际到了 ${again.length} 条。`);
  if (again[0].args[0].text !== "lost") fail(`The message sent again says ${again[0].args[0].text} instead of lost.`, `重发的内容是 ${again[0].args[0].text}，应为 lost。`);
  if (again[0].args[0].id !== first.id) fail("The message is sent again under another id: if the first attempt did arrive, everyone reads it twice.", "重发时换了 id：如果第一次其实已经送到，所有人都会看到两遍。");
  if (shown(world).length !== 1 || marks(world)[0] !== "waiting") fail(`While it is sent again, the list shows ${shown(world).join(", ")}, with the class ${marks(world).join(", ") || "of a message that has arrived"}.`, `重发期间，列表里是 ${shown(world).join("，")}，class 是“${marks(world).join("，")}”。`);
  again[0].ack({ ok: true });
  await world.settle();
  if (marks(world)[0] !== "") fail("The second attempt is acknowledged, and the line does not show it.", "第二次的回执来了，这一行却没有变。");
  lines(world)[0].click();
  await world.advance(50);
  if (world.server.named("chat message").length > before + 1) fail("A click on a message that has arrived sends it again.", "点一下已经送到的消息，它又被发了一遍。");
});
