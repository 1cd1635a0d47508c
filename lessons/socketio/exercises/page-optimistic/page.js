const socket = io();
const list = document.getElementById("messages");
const text = document.getElementById("text");
const send = document.getElementById("send");

function show(from, text) {
  const item = document.createElement("li");
  item.textContent = `${from}: ${text}`;
  list.append(item);
  return item;
}

send.addEventListener("click", () => {
  show("me", text.value);
  socket.emit("chat message", { id: crypto.randomUUID(), text: text.value });
  text.value = "";
});

// The server sends each message to everyone, the sender too.
socket.on("chat message", ({ id, from, text }) => show(from, text));
