let after = 0;

for (;;) {
  const response = await fetch(`/messages?after=${after}`);
  for (const message of await response.json()) {
    print(message.from, "says:", message.text);
    after = message.id;
  }
  await new Promise((done) => setTimeout(done, 1000));
}

// Try: after = 0 in each round. What do you print twice?
// Try: ask every 100 ms, and watch the wire.
