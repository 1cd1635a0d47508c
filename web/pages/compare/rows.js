// The rows of the x-ray that a lane opens.

import { $, element } from "/lab/shared/lab.js";
import { readable } from "/lab/page/printable.js";

/** Returns a line that is cut at its end, and whole as its title. */
function summary(text) {
  const e = element("span", text);
  e.title = text;
  return e;
}

/** Shows rows, the newest above. say(text) returns a text in the reader's language. */
export function showRows(rows, say) {
  $("noRows").hidden = rows.length > 0;
  $("rows").replaceChildren(...rows.reverse().map((row) => {
    const item = element("li");
    item.append(element("b", row.dir === "out" ? "←" : "→", row.dir), element("b", row.layer), summary(say(row.summary)), element("span", `${row.size} B`, "size"), element("code", readable(row.data)));
    return item;
  }));
}
