let after = 0;

for (;;) {
  print("asking for what is newer than", after);
  const response = await fetch(`/messages?after=${after}&wait=25s`);
  for (const message of await response.json()) {
    print(message.from, "says:", message.text);
    after = message.id;
  }
}

// Try: wait=1s. How many requests does an idle client send now?
// Try: stop the demo. This loop has no pause after an error: what would it do to a server that is down?
