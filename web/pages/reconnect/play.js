const socket = io();

socket.on("connect", () => {
  print(socket.recovered ? "back, with all that I missed" : "new here", socket.id);
});
socket.on("tick", (n) => print("tick", n));
socket.on("disconnect", (reason) => print("disconnected:", reason));

// Go away for three seconds without saying goodbye.
setTimeout(() => socket.io.engine.close(), 4000);

// Try: socket.disconnect(), then socket.connect() three seconds later. Are the ticks recovered?
