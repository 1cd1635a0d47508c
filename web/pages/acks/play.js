const socket = io();

socket.emit("ferret", "tobi", (answer) => print("the server answers:", answer));

socket.timeout(1000).emit("silence", (error) => {
  print(error ? `no answer: ${error.message}` : "answered");
});

// The server may ask, too.
socket.on("question", (answer) => answer("from my own client"));
socket.on("answer", (answer) => print("the server has heard:", answer));
socket.emit("ask me");

// Try: const answer = await socket.emitWithAck("ferret", "tobi");
