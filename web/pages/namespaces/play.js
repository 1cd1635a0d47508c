const chat = io("/chat");
const news = io("/news");

chat.on("connect", () => {
  print("joined /chat as", chat.id);
  chat.emit("hi!", 42, () => print("the server has logged it"));
});
chat.on("a message", (message) => print("/chat:", message));

news.on("connect", () => print("joined /news as", news.id));
news.on("news", (item) => print("/news:", item));

print("one connection for both:", chat.io === news.io);

// Try: io("/nothing") and its event "connect_error".
