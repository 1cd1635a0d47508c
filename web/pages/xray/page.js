// The x-ray in front of a server of the reader's own: nothing but the panel, and where to send the client.

import { catalogue } from "/lab/shared/catalogue.js";
import { $, start } from "/lab/shared/lab.js";
import { texts } from "/lab/page/text.js";

catalogue("page", texts);
const info = await start();
$("proxy").textContent = info.proxy;
$("target").textContent = info.target;
