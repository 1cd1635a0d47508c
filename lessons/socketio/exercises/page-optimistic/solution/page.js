const socket = io();
const list = document.getElementById("messages");
const text = document.getElementById("text");
const send = document.getElementById("send");
const mine = new Map(); // id → the line of a message that this page sent

function show(from, text) {
  const item = document.createElement("li");
  item.textContent = `${from}: ${text}`;
  list.append(item);
  return item;
}

function transmit(id, text) {
  const item = mine.get(id);
  item.className = "waiting";
  socket.timeout(5000).emit("chat message", { id, text }, (error, answer) => {
    if (item.className === "waiting") item.className = error || answer.error ? "failed" : "";
  });
}

send.addEventListener("click", () => {
  const [id, words] = [crypto.randomUUID(), text.value];
  const item = show("me", words);
  mine.set(id, item);
  item.addEventListener("click", () => {
    if (item.className === "failed") transmit(id, words);
  });
  transmit(id, words);
  text.value = "";
});

// The server sends each message to everyone, the sender too.
socket.on("chat message", ({ id, from, text }) => {
  if (mine.has(id)) mine.get(id).className = "";
  else show(from, text);
});
