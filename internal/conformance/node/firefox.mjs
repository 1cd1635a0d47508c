// Firefox for the Go tests: commands come as lines of JSON on stdin, replies and the pages' consoles go to stdout.
//
//     {"id": 1, "command": "open", "on": 3, "args": "http://…"} → {"id": 1, "value": null} or {"id": 1, "error": "…"}
//     {"page": 3, "console": "…", "isError": true}
//
// usage: node firefox.mjs PATH_OF_FIREFOX; it ends with its stdin
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  extraPrefsFirefox: { "intl.accept_languages": "en-US, en" },
  protocolTimeout: 120000,
});

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const things = new Map(); // sessions and pages by number
let last = 0;
const keep = (thing) => (things.set(++last, thing), last);

const commands = {
  ready: () => null,
  session: async () => keep(await browser.createBrowserContext()),
  async endSession(session, _, id) {
    things.delete(id);
    await session.close();
  },
  async page(session) {
    const page = await session.newPage({ type: "window" }); // a tab in the background would be throttled
    const id = keep(page);
    page.on("console", (m) => say({ page: id, console: `console.${m.type()} ${m.text()}`, isError: m.type() === "error" || m.type() === "assert" }));
    page.on("dialog", (dialog) => dialog.accept());
    page.on("pageerror", (err) => say({ page: id, console: String(err?.stack ?? err), isError: true }));
    return id;
  },
  async endPage(page, _, id) {
    things.delete(id);
    await page.close();
  },
  async open(page, url) {
    await page.goto(url, { timeout: 60000 });
  },
  eval: (page, expression) => page.evaluate(expression),
  press: (page, key) => page.keyboard.press(key),
  viewport: (page, size) => page.setViewport(size),
  screenshot: (page) => page.screenshot({ encoding: "base64" }),
};

async function answer({ id, command, on, args }) {
  try {
    say({ id, value: (await commands[command](things.get(on), args, on)) ?? null });
  } catch (err) {
    say({ id, error: String(err?.stack ?? err) });
  }
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => answer(JSON.parse(line)));
lines.on("close", async () => {
  await browser.close();
  process.exit(0);
});
