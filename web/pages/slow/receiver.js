// The page's client, in a worker: its handler blocks, and the page stays usable.

// #region handler
let work = 0; // ms that the handler takes

function handle(data) {
  const { n, at } = JSON.parse(data);
  const until = performance.now() + work;
  while (performance.now() < until); // no other code of this worker runs
  postMessage({ n, at, handled: performance.timeOrigin + performance.now() });
}

function open(url) {
  const socket = new WebSocket(url);
  socket.addEventListener("message", ({ data }) => handle(data)); // nothing here says "wait"
  socket.addEventListener("open", () => postMessage({ open: true }));
  socket.addEventListener("close", ({ code, reason }) => postMessage({ closed: code, reason }));
}
// #endregion

addEventListener("message", ({ data }) => {
  if (data.work !== undefined) work = data.work;
  if (data.url) open(data.url);
});
