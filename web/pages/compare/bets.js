// The rounds on the page: the bets before, the clock during, and the podium after.

import { $, element } from "/lab/shared/lab.js";
import { rank } from "/lab/page/rank.js";
import { decides, list, why } from "/lab/page/sentence.js";

const post = (path, body) => fetch(`/lab/compare/${path}`, { method: "POST", body: JSON.stringify(body) });

/** Shows the show. t looks up texts, say(text) returns one in the reader's language. */
export class Rounds {
  show; // as the server tells it
  bet = ""; // this browser's
  chosen = []; // buttons of the lanes
  connected = true; // to the server

  constructor({ t, say, now }) {
    Object.assign(this, { t, say, now });
    $("start").addEventListener("click", () => this.move({ do: "start" }));
    $("end").addEventListener("click", () => this.move({ do: "end" }));
    $("who").value = localStorage.getItem("name") ?? "";
  }

  /** Begins with the server's lanes and rounds. */
  begin({ lanes, rounds, keyed, phones }) {
    Object.assign(this, { lanes, rounds, keyed, phones });
    if (phones && $("code").hidden) $("code").src = "/lab/compare/code.svg";
    $("code").hidden = !phones;
    $("rounds").replaceChildren(...rounds.map((round) => {
      const item = element("li");
      const button = element("button");
      button.type = "button";
      button.dataset.round = round.name;
      button.disabled = !keyed;
      button.addEventListener("click", () => this.move({ do: "bets", round: round.name }));
      item.append(button);
      return item;
    }));
    this.chosen = lanes.map((lane) => {
      const button = element("button", "", "choice");
      button.type = "button";
      button.dataset.bet = lane.name;
      button.append(element("span"), element("i"), element("b"));
      button.addEventListener("click", () => this.place(lane.name));
      return button;
    });
    $("choices").replaceChildren(...this.chosen);
  }

  name(lane) { return this.say(this.lanes.find((l) => l.name === lane)?.title ?? { en: lane, zh: lane }); }

  get round() { return this.rounds?.find((r) => r.name === this.show?.round); }

  async move(stage) {
    const answer = await post("show", stage);
    if (!answer.ok) $("problem").textContent = await answer.text();
  }

  async place(lane) {
    const { t } = this;
    const name = $("who").value.trim();
    if (name) localStorage.setItem("name", name);
    const answer = await post("bet", { lane, name });
    const reasons = { 409: this.show.phase === "run" || this.show.phase === "count" ? t("late") : t("noBets"), 503: t("full") };
    $("problem").textContent = answer.ok ? "" : reasons[answer.status] ?? await answer.text();
  }

  /** Takes what the server says. */
  take(show, bet) {
    if (this.show?.phase !== show.phase) $("problem").textContent = "";
    Object.assign(this, { show, bet });
    this.label();
  }

  label() {
    const { show, t, round } = this;
    if (!show) return;
    document.body.dataset.phase = show.phase;
    $("roundsLabel").textContent = t(this.keyed ? "openRound" : "rounds");
    $("scan").textContent = t(this.phones ? "scan" : "noPhones");
    for (const button of $("rounds").querySelectorAll("button")) {
      const r = this.rounds.find((one) => one.name === button.dataset.round);
      const done = show.done.includes(r.name);
      const now = show.phase !== "free" && show.round === r.name;
      button.textContent = done && !now ? t("roundDone", this.say(r.title)) : this.say(r.title);
      button.title = this.say(r.says);
      button.className = now ? "now" : done ? "done" : "";
      button.disabled = !this.keyed || show.phase === "run" || show.phase === "count";
      if (now) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
    $("start").hidden = !this.keyed || show.phase !== "bets";
    $("end").hidden = !this.keyed || show.phase === "free";
    $("end").textContent = t(show.phase === "podium" ? "close" : "stop");
    $("roundTitle").textContent = round ? this.say(round.title) : "";
    $("roundSays").textContent = round ? this.say(round.says) : "";
    this.tick();
    this.labelBets();
    this.labelPodium();
  }

  labelBets() {
    const { show, t } = this;
    const counts = new Map((show.bets ?? []).map((tally) => [tally.lane, tally.count]));
    const all = [...counts.values()].reduce((sum, n) => sum + n, 0);
    const most = Math.max(...counts.values(), 1);
    for (const button of this.chosen) {
      const [name, bar, count] = button.children;
      const n = counts.get(button.dataset.bet) ?? 0;
      name.textContent = this.name(button.dataset.bet);
      bar.style.width = `${(100 * n) / most}%`;
      count.textContent = n || "";
      button.setAttribute("aria-pressed", this.bet === button.dataset.bet);
      button.disabled = show.phase !== "bets";
    }
    $("betCount").textContent = t("betCount", all);
    const first = (show.bets ?? []).slice(0, 3).map((tally) => t("betOn", this.name(tally.lane), tally.count));
    $("tally").textContent = show.phase === "run" || show.phase === "count" ? first.join(" · ") : "";
    $("mine").textContent = this.bet ? t("myBet", this.name(this.bet)) : show.phase === "bets" ? t("choose") : "";
  }

  /** Shows the lanes of the first three ranks, why, and who bet right. */
  labelPodium() {
    const { show, t, round } = this;
    if (show.phase !== "podium" || !round) return;
    const places = rank(round.wins, show.places ?? []);
    const ranks = [...new Set(places.map((p) => p.rank))].slice(0, 3);
    $("steps").replaceChildren(...ranks.map((place, i) => {
      const step = element("li", "", `step-${i + 1}`);
      const same = places.filter((p) => p.rank === place);
      step.append(element("span", place, "rank"), ...same.map((p) => element("b", this.name(p.lane))), element("span", decides(t, round.wins, same[0])));
      return step;
    }));
    $("why").textContent = why(t, round.wins, places, (lane) => this.name(lane));
    const right = places.filter((p) => p.rank === 1);
    const count = right.reduce((sum, p) => sum + p.bets, 0);
    const names = right.flatMap((p) => p.names);
    const more = count - names.length;
    const shown = names.slice(0, 12);
    const others = more + names.length - shown.length;
    if (others && shown.length) shown.push(t("others", others));
    $("right").textContent = !places.length ? "" : !count ? t("nobodyRight") : shown.length ? t("betRight", list(t, shown)) : t("countRight", count);
    const mine = places.find((p) => p.lane === this.bet);
    $("verdict").textContent = mine ? t(mine.rank === 1 ? "youRight" : "youWrong", this.name(this.bet), mine.rank, decides(t, round.wins, mine)) : "";
  }

  /** Shows how long the round still takes. Call it from time to time. */
  tick() {
    const { show, t } = this;
    if (!show) return;
    const left = Math.max(0, Math.ceil((show.ends - this.now()) / 1000));
    const text = { bets: "phaseBets", count: "phaseCount", podium: "phasePodium" }[show.phase];
    let line = show.phase === "run" ? t("phaseRun", left) : text ? t(text) : "";
    if (show.measured === false) line += ` · ${t("unmeasured")}`;
    if (!this.connected) line = t("off");
    if ($("clock").textContent !== line) $("clock").textContent = line;
  }
}
