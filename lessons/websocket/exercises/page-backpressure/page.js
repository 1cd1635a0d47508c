// file.size is the size in bytes; file.slice(from, to) returns bytes.
const bar = document.getElementById("bar"); // a <progress>
const state = document.getElementById("state");
const chunk = 16 * 1024; // bytes

const socket = new WebSocket(`ws://${location.host}/upload`);
bar.max = file.size;

socket.onopen = () => {
  for (let at = 0; at < file.size; at += chunk) {
    socket.send(file.slice(at, at + chunk));
    bar.value = Math.min(at + chunk, file.size);
  }
  state.textContent = "sent";
};
