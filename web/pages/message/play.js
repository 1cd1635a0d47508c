const socket = io();

socket.on("connect", () => socket.send("hi"));
socket.on("message", (message) => print("message:", message));

// send is emit of the event "message", so this is the same:
socket.emit("message", "hi again");

// Try: new WebSocket(`${location.origin.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`).
// Print what arrives, send "40", then send '42["message","by hand"]'.
