const list = document.getElementById("messages");
const state = document.getElementById("state");
let last = 0; // id of the newest message

function connect() {
  const socket = new WebSocket(`ws://${location.host}/ws?after=0`);

  socket.onopen = () => {
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
    connect();
  };
}

connect();
