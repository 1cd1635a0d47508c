import { subscribe } from "../emitter.js";
import { logger } from "../debug.js";

const debug = /* @__PURE__ */ logger("engine.io-client:socket");

/** The milliseconds that WebTransport has to be the first, where the server offers it among others. */
const WEB_TRANSPORT_LEAD = 200;

/**
 * Tries a better transport while the connection goes on over the current one (Engine.IO protocol 4, "Upgrade"):
 *
 *     client → new transport   2probe
 *     server → new transport   3probe     it works
 *     (the current transport finishes what is under way, and sends no more)
 *     client → new transport   5          from here on everything goes this way
 *
 * When anything fails the current transport carries on, and the engine emits "upgradeError".
 */
export function probe(engine, name) {
  DEBUG: debug("probing %s", name);
  const transport = engine.createTransport(name);
  const current = engine.transport;
  let pausing = false;

  const subscriptions = [
    subscribe(transport, "open", () => transport.send([{ type: "ping", data: "probe" }])),
    subscribe(transport, "packet", onPacket),
    subscribe(transport, "error", (err) => fail(err)),
    subscribe(transport, "close", () => fail("transport closed")),
    subscribe(engine, "close", () => fail("socket closed")),
    subscribe(engine, "upgrading", (other) => other !== transport && stop()),
  ];
  if (name !== "webtransport" && engine._upgrades.includes("webtransport")) {
    const start = engine._timers.start(() => transport.open(), WEB_TRANSPORT_LEAD);
    subscriptions.push(() => engine._timers.stop(start));
  } else {
    transport.open();
  }

  function onPacket({ type, data }) {
    if (pausing) return; // a noop, say: nothing else is expected before the upgrade
    if (type !== "pong" || data !== "probe") return fail("unexpected answer");
    DEBUG: debug("%s answers the probe: pausing %s", name, current.name);
    pausing = true;
    engine.upgrading = true;
    engine.emitReserved("upgrading", transport);
    current.pause(() => {
      if (engine.readyState === "closed") return;
      unsubscribe();
      engine._upgradeTo(transport);
    });
  }

  function fail(why) {
    DEBUG: debug("probe of %s failed: %s", name, why);
    stop();
    if (pausing && engine.readyState !== "closed") {
      engine.upgrading = false;
      current.resume();
      engine.flush();
    }
    engine.emitReserved("upgradeError", Object.assign(new Error(`probe error: ${why}`), { transport: name }));
  }

  function stop() {
    unsubscribe();
    transport.close();
  }

  function unsubscribe() {
    for (const cancel of subscriptions) cancel();
  }
}
