const socket = io();
const board = document.getElementById("board");
const text = document.getElementById("text");
const send = document.getElementById("send");
let at; // where the cursor is: [x, y]

board.addEventListener("pointermove", ({ clientX, clientY }) => {
  at = [clientX, clientY];
  socket.volatile.emit("cursor", ...at);
});

socket.on("connect", () => {
  if (at) socket.emit("cursor", ...at);
});

send.addEventListener("click", () => {
  socket.emit("chat message", text.value);
  text.value = "";
});
