const socket = io();

const data = new TextEncoder().encode("hello");
socket.emit("checksum", data, (sum) => {
  const hex = [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, "0")).join("");
  print("SHA-256 of hello:", hex);
});

socket.on("picture", ({ width, height, pixels }) => {
  print(`a picture of ${width} × ${height}, first bytes:`, [...new Uint8Array(pixels)].slice(0, 4));
});
socket.emit("picture", { width: 1, height: 1, pixels: new Uint8Array([255, 0, 0, 255]) });

// Try: pixels: [255, 0, 0, 255], without Uint8Array. What crosses the wire?
