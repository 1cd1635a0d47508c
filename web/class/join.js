// The form to join the class.

import { catalogue } from "/lab/shared/catalogue.js";
import { $ } from "./page.js";
import { post } from "./stream.js";
import { texts } from "./text.js";

const t = catalogue("class", texts);
const reasons = { 400: "badName", 403: "wrongCode", 409: "taken", 410: "isClosed", 503: "full" };

const given = /^#code=([a-z]{1,12})$/i.exec(location.hash)?.[1]; // from the QR code
if (given) {
  $("code").value = given;
  history.replaceState(null, "", location.pathname + location.search);
}
$(given ? "name" : "code").focus();

const filled = () => ({ code: $("code").value, name: $("name").value });

function refused(error) {
  $("problem").textContent = reasons[error.status] ? t(reasons[error.status]) : error.message;
  $("taken").hidden = error.status !== 409;
}

$("join").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await post("join", filled());
    location.reload();
  } catch (error) {
    refused(error);
  }
});

/** Asks for a seat that is taken, and waits until the teacher has decided. */
async function claim() {
  const { claim: id } = await post("join", { ...filled(), claim: true });
  $("taken").hidden = true;
  $("problem").textContent = "";
  $("waiting").hidden = false;
  try {
    while ((await post("claim", { claim: id })).claim) await new Promise((done) => { setTimeout(done, 1500); });
    location.reload();
  } finally {
    $("waiting").hidden = true;
  }
}
$("claim").addEventListener("click", () => claim().catch(refused));
