const socket = io();
const board = document.getElementById("board");
const text = document.getElementById("text");
const send = document.getElementById("send");

board.addEventListener("pointermove", ({ clientX, clientY }) => {
  socket.emit("cursor", clientX, clientY);
});

send.addEventListener("click", () => {
  socket.volatile.emit("chat message", text.value);
  text.value = "";
});
