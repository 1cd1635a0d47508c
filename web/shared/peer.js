// The second window: an iframe of the same page, opened with ?view=peer. Both ends talk in messages of the same origin:
// the peer reports facts, the page asks it to send.

const here = new URLSearchParams(location.search);

/** Whether this window is a peer. */
export const isPeer = here.get("view") === "peer";

/** The client id that the page gave to this peer; null in a page. */
export const givenID = isPeer ? here.get("client") : null;

/** Calls heard with the data of each message from that window. */
function hear(from, heard) {
  addEventListener("message", (event) => {
    if (event.origin === location.origin && event.source === from()) heard(event.data);
  });
}

/** Opens a peer with that client id in an iframe. onFact is called with each fact it reports. Returns send(text). */
export function openPeer(frame, client, onFact) {
  hear(() => frame.contentWindow, (data) => { if (typeof data?.fact === "string") onFact(data.fact); });
  frame.src = `/?view=peer&client=${client}&lang=${document.documentElement.lang === "zh-CN" ? "zh" : "en"}`;
  return (text) => frame.contentWindow.postMessage({ send: text }, location.origin);
}

/** Reports a fact to the page around this peer. */
export const report = (fact) => parent.postMessage({ fact }, location.origin);

/** Calls send with each text that the page around this peer asks it to send. */
export const onAsked = (send) => hear(() => parent, (data) => { if (typeof data?.send === "string") send(data.send); });
