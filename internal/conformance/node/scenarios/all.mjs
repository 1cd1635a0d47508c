// All behavior that a user of the client can observe, one scenario at a time. The same scenario
// runs with the official client and with ours in the same browser, and the logs of both sides must
// be equal.
//
// A scenario is {options, server(io, log), actions, client(context), bundle, differs}: the options
// and set-up of an official server, actions that the page can ask of it, what the page does, and
// which file of the client it is for. If the official client fails and ours does not, differs holds
// our log. A log may contain only events whose order is certain.
import { acks } from "./acks.mjs";
import { binary } from "./binary.mjs";
import { connecting } from "./connecting.mjs";
import { emitting } from "./emitting.mjs";
import { engine } from "./engine.mjs";
import { malformed } from "./malformed.mjs";
import { msgpack } from "./msgpack.mjs";
import { namespaces } from "./namespaces.mjs";
import { reconnecting } from "./reconnecting.mjs";

export const scenarios = {
  ...connecting,
  ...namespaces,
  ...emitting,
  ...acks,
  ...binary,
  ...reconnecting,
  ...engine,
  ...malformed,
  ...msgpack,
};
