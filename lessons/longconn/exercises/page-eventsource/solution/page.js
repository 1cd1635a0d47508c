const list = document.getElementById("messages");
const state = document.getElementById("state");
const again = document.getElementById("again"); // a hidden button
let last = ""; // id of the newest message

function open() {
  const events = new EventSource(last ? `/events?after=${last}` : "/events");

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
    const stopped = events.readyState === EventSource.CLOSED;
    state.textContent = stopped ? "stopped" : "reconnecting";
    again.hidden = !stopped;
  };

  events.addEventListener("end", () => {
    events.close();
    state.textContent = "finished";
  });
}

again.addEventListener("click", () => {
  again.hidden = true;
  open();
});
open();
