// Lines of code as filters of the wire: which arrows a line is about.

const call = /\b(?:emit|on|once)(?:WithAck)?\((?:ctx, )?"((?:[^"\\]|\\.)*)"/i;

/**
 * Returns the filter of a line of code, {label, test(arrow)}, or null. A line that sends or handles an event is about the
 * event's arrows. lights, see openStage, may give lines of other pages a text that their arrows contain:
 * {"→ GET": {client: "fetch(", server: "func serve", wire: "GET /messages"}}.
 */
export function filterOf(line, lights = {}) {
  const event = call.exec(line)?.[1];
  if (event !== undefined) return { label: event, test: (arrow) => arrow.event === event };
  const light = Object.values(lights).find(({ client, server, wire }) => wire && [client, server].some((text) => text && line.includes(text)));
  return light ? { label: light.wire, test: (arrow) => arrow.packet.includes(light.wire) } : null;
}

/** Makes the lines of a <pre> that are filters into buttons. chosen(filter) is called with each press. */
export function linkLines(pre, lights, chosen) {
  for (const line of pre.children) {
    const filter = filterOf(line.textContent, lights);
    if (!filter) continue;
    line.setAttribute("role", "button");
    line.tabIndex = 0;
    line.addEventListener("click", () => chosen(filter));
    line.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      chosen(filter);
    });
  }
}
