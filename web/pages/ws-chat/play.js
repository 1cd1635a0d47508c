const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws?after=0`);

socket.onopen = () => {
  socket.send(JSON.stringify({ from: "my own client", text: "Hello from my own client!" }));
};
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  print(message.error ? `refused: ${message.error}` : `${message.from} says: ${message.text}`);
};
socket.onclose = ({ code }) => print("closed", code, "— and nothing connects again by itself");

// Try: send "Hello" without JSON. Does the connection survive?
