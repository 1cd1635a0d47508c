// Going away and coming back: what was missed, what is lost, and listeners that pile up.
//
// The facts of this page, besides the facts of Socket.IO: "gone" (as if without network) and "left" (disconnected on purpose),
// "recovered" or "not recovered" on each return, and "doubled" for a tick that calls the same listener twice.

import { catalogue } from "/lab/shared/catalogue.js";
import { $, element } from "/lab/shared/lab.js";
import { openSocketStage } from "/lab/shared/socket-stage.js";
import { happened } from "/lab/shared/socketio.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);

const stage = await openSocketStage({ transports: ["websocket"] });
stage.quiet = ["tick", "glance"]; // which come each second
const { connection } = stage;
const socket = connection.socket();
const calls = { right: 0, wrong: 0 }; // of the listeners, for the tick that is being handled

// #region client
// Registered once: called once for each tick.
socket.on("tick", (n) => {
  calls.right++;
  ticks.take(n);
});

// Registered in connect: once more with each connection.
socket.on("connect", () => {
  socket.on("tick", () => { calls.wrong++; });
});

// Missed events come before "connect".
socket.on("connect", () => {
  back(socket.recovered); // if false: fetch the state
});
// #endregion

let away = true;
let connections = 0;

/** A row of numbers, each a cell. */
class Row {
  last = 0;
  now = 0;
  late = 0;
  lost = 0;

  constructor(list) { this.list = list; }

  /** Takes the next number. Numbers come in order: those that are left out are lost. */
  take(n) {
    if (this.last > 0) {
      for (let missing = this.last + 1; missing < n; missing++) {
        this.lost++;
        if (n - missing <= 40) this.cell(missing, "lost");
      }
    }
    this.last = n;
    const kind = away ? "late" : "now";
    this[kind]++;
    this.cell(n, kind);
  }

  cell(n, kind) {
    this.list.append(element("li", String(n), kind));
    while (this.list.children.length > 80) this.list.firstElementChild.remove();
    this.list.scrollTop = this.list.scrollHeight;
  }
}

const ticks = new Row($("ticks"));
const glances = new Row($("glances"));

socket.on("tick", () => {
  showAccount();
  if (!away) queueMicrotask(counted); // when all listeners have run; ticks that were missed come in one go
});
socket.on("glance", (n) => { glances.take(n); showAccount(); });
socket.on("disconnect", () => { away = true; });

function back(recovered) {
  away = false;
  calls.right = calls.wrong = 0;
  if (++connections > 1) {
    happened(t(recovered ? "recovered" : "fresh"), recovered ? "good" : "bad");
    stage.stage.fact(recovered ? "recovered" : "not recovered");
  }
}

function counted() {
  for (const id of ["right", "wrong"]) $(id).textContent = t("calls", calls[id]);
  $("wrong").className = calls.wrong > 1 ? "bad" : "";
  if (calls.wrong > 1) stage.stage.fact("doubled");
  calls.right = calls.wrong = 0;
}

function showAccount() {
  $("account").textContent = t("account", ticks.now, ticks.late, ticks.lost, glances.lost);
}

/** Ends the connection by `end` and comes back after so many seconds. */
function leave(seconds, fact, end) {
  if ($("away").disabled) return; // on the way already
  happened(t("left", seconds));
  stage.stage.fact(fact);
  connection.manager.reconnection(false);
  end();
  for (const id of ["away", "longer", "leave"]) $(id).disabled = true;
  setTimeout(() => {
    for (const id of ["away", "longer", "leave"]) $(id).disabled = false;
    connection.manager.reconnection(true);
    connection.connect();
  }, seconds * 1000);
}

const acts = {
  cut: () => connection.cut(),
  away: () => leave(3, "gone", () => connection.cut()), // as if without a network
  longer: () => leave(20, "gone", () => connection.cut()),
  leave: () => leave(3, "left", () => socket.disconnect()),
};
for (const id of ["away", "longer", "leave"]) $(id).addEventListener("click", acts[id]);

showAccount();
stage.begin(socket, acts);
