// The page has logged in. The browser adds its cookie to this request, and the answer is a token.
const answer = await fetch("/token?life=10", { method: "POST" });
const { token } = await answer.json();

const socket = new WebSocket(`${location.origin.replace("http", "ws")}/account/ws?way=hello`);
socket.onopen = () => socket.send(JSON.stringify({ token }));
socket.onmessage = ({ data }) => print(data);
socket.onclose = ({ code, reason }) => print("closed", code, reason);

// Try: renew the token when the event "expires" comes. Does the connection outlive it?
