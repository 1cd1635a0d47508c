const socket = io();

socket.on("connect", () => {
  print("connected as", socket.id);
  socket.emit("chat message", { from: "my own client", text: "Hello from my own client!" });
});

socket.on("chat message", (message) => {
  print(message.from, "says:", message.text);
});

socket.on("disconnect", (reason) => print("disconnected:", reason));

// Try: "chat message others" instead of "chat message". Who gets it?
