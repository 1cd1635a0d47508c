const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
socket.binaryType = "arraybuffer";

socket.onopen = () => {
  socket.send("Hello, echo!");
  socket.send(new Uint8Array([1, 2, 3]));
};
socket.onmessage = ({ data }) => {
  print(typeof data === "string" ? data : [...new Uint8Array(data)]);
};
socket.onclose = ({ code, reason, wasClean }) => print("closed", code, reason, wasClean);

// Try: socket.close(4000, "bye") after the first message. Who chooses the code?
