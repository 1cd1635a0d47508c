const list = document.getElementById("messages");
const state = document.getElementById("state");
let last = 0; // id of the newest message
let failures = 0; // since the last time that it was open

function connect() {
  const socket = new WebSocket(`ws://${location.host}/ws?after=${last}`);

  socket.onopen = () => {
    failures = 0;
    state.textContent = "live";
  };

  socket.onmessage = ({ data }) => {
    const { id, from, text } = JSON.parse(data);
    last = id;
    const item = document.createElement("li");
    item.textContent = `${from}: ${text}`;
    list.append(item);
  };

  socket.onclose = () => {
    state.textContent = "offline";
    const most = Math.min(1000 * 2 ** failures, 30_000);
    failures++;
    setTimeout(connect, most / 2 + Math.random() * most / 2);
  };
}

connect();
