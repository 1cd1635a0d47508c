const socket = io();
const list = document.getElementById("messages");
const unread = document.getElementById("unread");

// Another part of the page: the badge that counts.
socket.on("chat message", () => {
  unread.textContent = Number(unread.textContent) + 1;
});

function show(text) {
  const item = document.createElement("li");
  item.textContent = text;
  list.append(item);
}

socket.on("connect", () => {
  socket.emit("hello", "ann");
});
socket.on("chat message", (text) => show(text));
