// The x-ray panel's markup, and what its controls have in common.

import { element } from "./lab.js";

export const markup = `
  <div class="row x-head">
    <h2 data-text="xray.xray"></h2><span id="x-status" class="badge" role="status"></span>
    <span class="grow"></span><button id="x-toggle" type="button" aria-expanded="true" aria-controls="x-body"></button>
  </div>
  <div id="x-body">
    <p id="x-hint" class="soft"></p>
    <div class="row x-tools">
      <button id="x-pause" type="button" aria-pressed="false"></button>
      <button id="x-clear" type="button" data-text="xray.x.clear"></button>
      <label id="x-whose-label"><span data-text="xray.x.whose"></span> <select id="x-whose"></select></label>
      <label><span data-text="xray.x.rowsAre"></span> <select id="x-mode"></select></label>
      <label><span data-text="xray.x.conn"></span> <select id="x-conn"></select></label>
      <label id="x-side-label" hidden><span data-text="xray.x.side"></span> <select id="x-side"></select></label>
      <label><span data-text="xray.x.dir"></span> <select id="x-dir"></select></label>
      <label><input id="x-beats" type="checkbox" checked><span data-text="xray.x.beats"></span></label>
      <label hidden><input id="x-lab" type="checkbox"><span data-text="xray.x.lab"></span></label>
      <input id="x-find" type="search" data-label="xray.x.find" autocomplete="off" spellcheck="false" maxlength="300" list="x-terms" aria-describedby="x-error x-find-hint">
      <datalist id="x-terms"></datalist>
    </div>
    <p id="x-error" class="bad" role="status"></p>
    <p id="x-find-hint" class="soft" data-text="xray.x.language" hidden></p>
    <fieldset id="x-layers" class="row" hidden><legend data-text="xray.x.layers"></legend></fieldset>
    <div class="x-panes">
      <div class="x-list">
        <div id="x-rows" class="x-rows" data-label="xray.x.rows"></div>
        <button id="x-follow" type="button" class="main" hidden></button>
        <p id="x-empty" class="soft"></p><button id="x-reset" type="button" data-text="xray.x.reset" hidden></button>
      </div>
      <div id="x-diagram" class="x-diagram" tabindex="0" role="group" data-label="xray.x.diagram"></div>
    </div>
    <div id="x-anatomy" class="x-anatomy" tabindex="-1" role="region" data-label="xray.x.anatomy"></div>
    <div class="row x-foot">
      <span id="x-counters" class="soft"></span><span class="grow"></span>
      <a id="x-jsonl" href="/lab/xray.jsonl" download data-text="xray.x.jsonl"></a>
      <a id="x-har" href="/lab/xray.har" download data-text="xray.x.har"></a>
      <a id="x-pcapng" href="/lab/xray.pcapng" download data-text="xray.x.pcapng"></a>
    </div>
  </div>`;

/** Sets an element's text, and leaves the document alone if it has that text. */
export function write(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

/** Shows or hides an element, and leaves the document alone if it is so. */
export function reveal(e, shown) {
  if (e.hidden === shown) e.hidden = !shown;
}

/** Gives a select these options, unless it has them, and keeps what is chosen. */
export function options(select, wanted) {
  const key = JSON.stringify(wanted);
  if (select.dataset.options === key) return;
  select.dataset.options = key;
  const chosen = select.value;
  select.replaceChildren(...wanted.map(([value, text, disabled]) => {
    const option = element("option", text);
    option.value = value;
    option.disabled = Boolean(disabled);
    return option;
  }));
  select.value = wanted.some(([value]) => value === chosen) ? chosen : wanted[0][0];
}

/** A checkbox with its label, for a layer. */
export function layerBox(layer, checked) {
  const label = element("label");
  const box = element("input");
  box.type = "checkbox";
  box.value = layer;
  box.checked = checked;
  label.append(box, element("span", "", `x-chip x-${layer}`));
  label.hidden = true;
  return label;
}
