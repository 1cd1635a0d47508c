import assert from "node:assert/strict";
import test from "node:test";

import { Clock } from "../shared/clock.js";
import { Account, ledger } from "../shared/ledger.js";

const began = Date.parse("2026-11-23T08:00:00.000Z"); // by the server's clock

/** A world with a server, whose clock is right, and a page whose clock is `ahead` ms ahead of it. */
function world(ahead) {
  let now = began;
  const clock = new Clock(() => now + ahead);
  let id = 0;
  return {
    clock,
    pass: (ms) => { now += ms; },
    write: () => ({ id: ++id, from: "ann", text: "hi", at: new Date(now).toISOString() }),
    /** Asks the server for something: its Date header has whole seconds. */
    ask: () => {
      const sent = clock.local();
      now += 40;
      const date = Math.floor(now / 1000) * 1000;
      now += 40;
      clock.exchange(sent, clock.local(), date, date + 1000);
    },
  };
}

for (const ahead of [0, 10_000, -10_000, 3_600_000]) {
  test(`the client's clock is ${ahead} ms ahead: what arrives at once is not late`, () => {
    const w = world(ahead);
    const old = w.write();
    w.pass(60_000);
    w.ask();
    const account = new Account(w.clock);
    w.pass(20);
    assert.equal(account.note(old).kind, "history");
    for (const trip of [8, 22, 13, 400]) {
      w.pass(1000);
      const message = w.write();
      w.pass(trip);
      assert.equal(account.note(message).kind, "now", `${trip} ms on the way`);
    }
    const missed = w.write();
    w.pass(5000);
    assert.equal(account.note(missed).kind, "late");
    assert.deepEqual({ ...account }, { cursor: 6, at: missed.at, received: 6, history: 1, late: 1, lost: 0, twice: 0 });
  });

  test(`the client's clock is ${ahead} ms ahead: without a Date header the first message tells enough`, () => {
    const w = world(ahead);
    const account = new Account(w.clock);
    const message = w.write();
    w.pass(10);
    account.note(message);
    w.pass(1000);
    const next = w.write();
    w.pass(10);
    assert.equal(account.note(next).kind, "now");
    const missed = w.write();
    w.pass(4000);
    assert.equal(account.note(missed).kind, "late");
  });
}

test("a message of this page's own is the better sample", () => {
  const w = world(10_000);
  w.ask();
  assert.ok(Math.abs(w.clock.now() - began) < 700);
  w.pass(1000);
  const sent = w.clock.local();
  w.pass(5);
  const message = w.write();
  w.pass(5);
  w.clock.exchange(sent, w.clock.local(), Date.parse(message.at));
  assert.ok(Math.abs(w.clock.offset + 10_000) <= 6, `${w.clock.offset}`);
});

test("a machine that slept learns its clock again", () => {
  let slept = 0;
  let now = began;
  const clock = new Clock(() => now - slept);
  clock.exchange(now, now + 20, now + 10);
  const account = new Account(clock);
  const old = { id: 1, at: new Date(now - 60_000).toISOString() };
  assert.equal(account.note(old).kind, "history");
  now += 1000;
  slept = 600_000; // the page's clock stood still for ten minutes
  now += 600_000;
  assert.equal(account.note({ id: 2, at: new Date(now - 5).toISOString() }).kind, "now");
  assert.equal(account.note({ id: 3, at: new Date(now - 1).toISOString() }).kind, "now");
  const missed = { id: 4, at: new Date(now).toISOString() };
  now += 5000;
  assert.equal(account.note(missed).kind, "late");
});

test("what is lost, what comes twice, and another log", () => {
  const w = world(0);
  w.ask();
  const account = new Account(w.clock);
  w.pass(1000);
  const [one, , , four] = [w.write(), w.write(), w.write(), w.write()];
  assert.deepEqual(account.note(one), { kind: "now", missing: 0, restarted: false });
  assert.deepEqual(account.note(four), { kind: "now", missing: 2, restarted: false });
  assert.deepEqual(account.note(four), { kind: "again", missing: 0, restarted: false });
  assert.equal(account.lost, 2);
  assert.equal(account.twice, 1);
  w.pass(1000);
  assert.deepEqual(account.note({ ...w.write(), id: 1 }), { kind: "now", missing: 0, restarted: true });
  assert.deepEqual([account.cursor, account.received, account.lost, account.twice], [1, 1, 0, 0]);
});

test("the list shows a mark for each message, and the last 80", () => {
  globalThis.document = { createElement: () => ({ remove() { list.children.splice(list.children.indexOf(this), 1); } }) };
  const list = {
    children: [],
    append(item) { this.children.push(item); },
    replaceChildren() { this.children.length = 0; },
    get firstElementChild() { return this.children[0]; },
  };
  const w = world(0);
  w.ask();
  const { note } = ledger(list, w.clock);
  w.pass(1000);
  note(w.write());
  w.write();
  note(w.write());
  assert.deepEqual(list.children.map((item) => [item.title, item.className]), [["1", "now"], ["2", "lost"], ["3", "now"]]);
  for (let i = 0; i < 100; i++) note(w.write());
  assert.equal(list.children.length, 80);
  assert.equal(list.children.at(-1).title, "103");
  w.pass(1000);
  note({ ...w.write(), id: 1 });
  assert.deepEqual(list.children.map((item) => item.title), ["1"]);
});
