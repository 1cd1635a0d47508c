const response = await fetch("/stream?after=0");
const reader = response.body.getReader();
const decoder = new TextDecoder();
let rest = "";

for (;;) {
  const { value, done } = await reader.read();
  if (done) break;
  const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
  rest = lines.pop(); // the last line may be unfinished
  for (const line of lines.filter(Boolean)) {
    const message = JSON.parse(line);
    print(message.from, "says:", message.text);
  }
}
print("the server ended the response");

// Try: await response.text() instead of the reader. When does it print?
