const list = document.getElementById("messages");
const state = document.getElementById("state");
const again = document.getElementById("again"); // a hidden button
let last = ""; // id of the newest message

function open() {
  const events = new EventSource("/events");

  events.onopen = () => {
    state.textContent = "live";
  };

  events.onmessage = ({ data, lastEventId }) => {
    last = lastEventId;
    const item = document.createElement("li");
    item.textContent = data;
    list.append(item);
  };

  events.onerror = () => {
    state.textContent = "offline";
    events.close();
    setTimeout(open, 1000);
  };
}

open();
