// The x-ray in front of a server of the reader's own, or of a file: nothing but the panel, and where to send the client or what
// to know of the file.

import { catalogue, language } from "/lab/shared/catalogue.js";
import { $, element, onLang, start } from "/lab/shared/lab.js";
import { texts } from "/lab/page/text.js";

catalogue("page", texts);
const info = await start();
$("proxy").textContent = info.proxy;
$("target").textContent = info.target;
$("name").textContent = info.file ?? "";
$("server").hidden = Boolean(info.file);
$("file").hidden = !info.file;
onLang(() => $("notes").replaceChildren(...(info.notes ?? []).map((note) => element("li", note[language()]))));
