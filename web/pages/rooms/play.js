const socket = io();

socket.emit("name", "my own client");
const allowed = await socket.emitWithAck("join", "red");
print(allowed ? "I am in the room red" : "not allowed");

socket.on("said", (rooms, from, text) => print(`${from.name} in ${rooms}: ${text}`));
socket.emit("say", ["red"], "Hello, red room!");
socket.emit("say", ["blue"], "Hello from outside"); // sent, and not received here

// Try: join "purple". Who decides which rooms there are?
