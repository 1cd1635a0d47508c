const events = new EventSource("/events?after=0");

events.onopen = () => print("open");
events.onmessage = (event) => {
  const message = JSON.parse(event.data);
  print("event", event.lastEventId.split("@")[0], "from", message.from, "says:", message.text);
};
events.onerror = () => print("lost: EventSource connects again by itself, readyState", events.readyState);

// Try: events.close() in onmessage. Does it connect again?
