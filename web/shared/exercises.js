// The list of exercises comes whole from the server, with the reader's progress.

import { catalogue, setLanguage } from "./catalogue.js";
import { texts } from "./exercise-text.js";
import { forget } from "./progress.js";

const t = catalogue("exercise", texts);
setLanguage(document.documentElement.lang === "zh-CN" ? "zh" : "en");

document.getElementById("forget").addEventListener("click", () => {
  if (!confirm(t("forget"))) return;
  forget();
  location.reload();
});
