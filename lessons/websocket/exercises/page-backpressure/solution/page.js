// file.size is the size in bytes; file.slice(from, to) returns bytes.
const bar = document.getElementById("bar"); // a <progress>
const state = document.getElementById("state");
const chunk = 16 * 1024; // bytes
const most = 128 * 1024; // bytes that may wait for the network
let at = 0; // bytes given to the socket

const socket = new WebSocket(`ws://${location.host}/upload`);
bar.max = file.size;

function pump() {
  if (socket.readyState !== WebSocket.OPEN) return;
  while (at < file.size && socket.bufferedAmount + chunk <= most) {
    socket.send(file.slice(at, at + chunk));
    at = Math.min(at + chunk, file.size);
  }
  bar.value = at - socket.bufferedAmount;
  if (bar.value === file.size) state.textContent = "sent";
  else setTimeout(pump, 50);
}

socket.onopen = pump;
socket.onclose = () => {
  if (bar.value !== file.size) state.textContent = "failed";
};
