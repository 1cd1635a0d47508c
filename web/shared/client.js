// The id by which this window names itself to the server, as ?client=. The x-ray tells windows apart by it.

import { givenID } from "./peer.js";

/** The id of this window: the one that the page around it gave, else a random one. */
export const client = givenID ?? `page-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
