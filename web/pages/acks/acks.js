// Acknowledgements in both directions, and what happens when none comes.
//
// Own facts: "acked ferret", "failed silence" (with an error), "answered" (a question of the server).

import { Asked } from "/lab/page/asked.js";
import { append } from "/lab/shared/chat.js";
import { catalogue } from "/lab/shared/catalogue.js";
import { $, element } from "/lab/shared/lab.js";
import { openSocketStage } from "/lab/shared/socket-stage.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const stage = await openSocketStage();
const socket = stage.connection.socket();
const asked = new Asked($("asked"), socket, (fact) => stage.fact(fact));
const waiting = (label, ...data) => asked.add(label, ...data);

// #region client
// The page asks. The server's ack calls the function.
function ferret(name) {
  const sent = waiting("ferret", name);
  socket.emit("ferret", name, (data) => sent.acked(data));
}

// This handler never acknowledges: nothing calls the function.
function silence() {
  const sent = waiting("silence");
  socket.emit("silence", () => sent.acked());
}

// With a timeout, the first argument is an error, or null.
function silenceWithTimeout() {
  const sent = waiting("silence");
  socket.timeout(2000).emit("silence", (error) => (error ? sent.failed(error) : sent.acked()));
}

// The server asks. The last argument sends the acknowledgement.
socket.on("question", (ack) => {
  askReader((name) => ack(name));
});
// #endregion

const serverWaits = 5000; // ms
const open = []; // what ends the questions that the server waits for, the oldest first

/** Shows the server's question; answered is called with the reader's answer, even if the server no longer waits. */
function askReader(answered) {
  const [form, input, state] = [element("form", "", "field"), element("input"), element("small", t("serverWaits"))];
  input.maxLength = 100;
  input.setAttribute("aria-label", t("question"));
  form.append(element("label", t("question")), input, element("button", t("answer"), "main"), state);
  form.firstChild.append(input);
  const item = element("li");
  item.append(form);
  $("questions").append(item);
  $("asked").scrollTop = $("asked").scrollHeight; // the list has become lower
  if (document.activeElement === $("askMe") && matchMedia("(hover: hover)").matches) input.focus();
  let late = false;
  const end = () => {
    late = true;
    state.textContent = t("tooLate");
  };
  open.push(end);
  const close = () => { if (open.includes(end)) open.splice(open.indexOf(end), 1); };
  setTimeout(() => { close(); end(); }, serverWaits);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answered(input.value);
    close();
    item.remove();
    note("← question", t(late ? "answeredLate" : "answered", input.value));
    stage.fact("answered");
  });
}

function answer(name) {
  const input = $("questions").lastElementChild?.querySelector("input");
  if (!input) return;
  input.value ||= name;
  input.form.requestSubmit();
}

function note(label, state, className) {
  const item = element("li", "", className);
  item.append(element("code", label), element("small", state));
  append($("asked"), item);
}
const plainly = (value) => (typeof value === "string" ? value : JSON.stringify(value));
socket.on("answer", (name) => note("← answer", t("said", plainly(name))));
socket.on("no answer", (reason) => {
  open.shift()?.(); // the server's clock counts, not this page's
  note("← no answer", reason, "bad");
});
socket.on("answers", (count, all) => {
  if (!all) open.shift()?.();
  note("← answers", t(all ? "complete" : "incomplete", count), all ? "" : "bad");
});
socket.on("disconnect", () => { open.length = 0; $("questions").replaceChildren(); });

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  ferret($("text").value);
});
const askMe = () => socket.emit("ask me");
const askAll = () => socket.emit("ask all");
for (const [id, act] of Object.entries({ silence, bounded: silenceWithTimeout, askMe, askAll })) $(id).addEventListener("click", act);

stage.begin(socket, {
  ferret: () => ferret($("text").value),
  silence, silenceWithTimeout, askMe, askAll,
  askLate: askMe,
  answer: () => answer(t("ann")),
  cut: () => stage.connection.cut(),
}, answer);
