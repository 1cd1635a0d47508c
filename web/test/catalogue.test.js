import assert from "node:assert/strict";
import test from "node:test";

import { catalogue, setLanguage, text } from "../shared/catalogue.js";

const both = (en, zh = en) => ({ en, zh });

test("two modules may have the same key", () => {
  const one = catalogue("one", both({ message: "Your message" }, { message: "要发送的消息" }));
  const two = catalogue("two", both({ message: "message" }, { message: "消息" }));
  assert.equal(one("message"), "Your message");
  assert.equal(two("message"), "message");
  assert.equal(text("one.message"), "Your message");
  setLanguage("zh");
  assert.equal(one("message"), "要发送的消息");
  setLanguage("en");
});

test("an unknown key throws", () => {
  const t = catalogue("unknown", both({ known: "here" }));
  assert.throws(() => t("other"), /no text unknown\.other in en/);
  assert.throws(() => t("toString"), /no text/);
  assert.throws(() => text("nowhere.known"), /no text nowhere\.known/);
  assert.throws(() => setLanguage("fr"), /no texts in fr/);
});

test("a missing value throws", () => {
  const t = catalogue("values", both({ pair: "{0} of {1}, {0}" }));
  assert.equal(t("pair", 0, ""), "0 of , 0");
  assert.throws(() => t("pair", 1), /values\.pair lacks its value \{1\}/);
  assert.throws(() => t("pair", undefined, 1), /lacks its value \{0\}/);
});

test("a noun follows its number", () => {
  const t = catalogue("counts", both({ rows: "{0 row}, {1 more byte}" }, { rows: "{0} 行，还有 {1} 字节" }));
  assert.equal(t("rows", 0, 1), "0 rows, 1 more byte");
  assert.equal(t("rows", 1, "1,000"), "1 row, 1,000 more bytes");
  assert.equal(t("rows", "1", 1.5), "1 row, 1.5 more bytes");
  setLanguage("zh");
  assert.equal(t("rows", 1, 1), "1 行，还有 1 字节");
  setLanguage("en");
  assert.throws(() => t("rows", 1), /lacks its value \{1\}/);
});

test("a value is not searched for placeholders", () => {
  assert.equal(catalogue("nested", both({ pair: "{0} {1}" }))("pair", "{1}", "x"), "{1} x");
});

test("two catalogues of one name throw", () => {
  const texts = both({ a: "a" });
  catalogue("name", texts);
  catalogue("name", texts);
  assert.throws(() => catalogue("name", both({ a: "a" })), /two catalogues are named name/);
});
