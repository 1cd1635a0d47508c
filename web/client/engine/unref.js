/**
 * For `autoUnref` in Node, which keeps a process alive while one of its connections is open. fetch and Node's own
 * WebSocket hide their connections, but Node says which one carries a request when it writes the request's head.
 *
 * Call it before the request to that address is made. The function returned must be called when the request has ended, or the
 * WebSocket is open.
 */
export function unrefConnectionOf(uri) {
  const channels = globalThis.process?.getBuiltinModule?.("node:diagnostics_channel");
  if (!channels) return () => {};
  const { host, pathname, search } = new URL(uri);
  const channel = "undici:client:sendHeaders";
  const unref = ({ request, socket }) => {
    if (request.path === pathname + search && new URL(request.origin).host === host) socket.unref();
  };
  channels.subscribe(channel, unref);
  return () => channels.unsubscribe(channel, unref);
}
