package pages

import "realtimelab/internal/lang"

// schemeIn returns the color scheme, "light" or "dark", of the i-th window in a language. It
// alternates, and the two languages differ: each language is seen in each scheme and each window,
// and each window in each scheme. The full crossing takes twice the time and shows no more:
// contrast depends on the scheme and the window, layout on the language and the window.
func schemeIn(language lang.Lang, window int) string {
	if language == lang.Chinese {
		window++
	}
	return []string{"light", "dark"}[window%2]
}

// faults lists what a reader could not read or use: text that is cut off, unless a title says it
// whole, or faint (WCAG AA), labels that were not translated, controls without a name, sideways
// scrolling.
const faults = `(() => {
	const found = [];
	const root = document.documentElement;
	if (root.scrollWidth > innerWidth) found.push("the page scrolls sideways: " + root.scrollWidth + " > " + innerWidth);
	const channels = (text) => text.match(/[\d.]+/g).map(Number);
	const luminance = (c) => c.slice(0, 3)
		.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			const c = channels(getComputedStyle(e).backgroundColor);
			if (c.length === 3 || c[3] > 0) return c;
		}
		return [255, 255, 255];
	};
	const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (e.dataset.text ? "[" + e.dataset.text + "]" : "");
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || e.disabled) continue;
		const own = [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data.trim()).join("");
		if (e.dataset.text && (!own || own === e.dataset.text)) found.push(name(e) + " has no text");
		if (e.dataset.label && e.getAttribute("aria-label") === e.dataset.label) found.push(name(e) + " has no label");
		if (e.matches("button, input, canvas, [tabindex]") && !(own || e.matches("button") && e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length)) found.push(name(e) + " has no name");
		if (!own) continue;
		const style = getComputedStyle(e);
		const [ink, paper] = [luminance(channels(style.color)), luminance(ground(e))];
		const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
		if (contrast < 4.5) found.push(name(e) + " is faint, " + contrast.toFixed(2) + ": " + own.slice(0, 30));
		if (parseFloat(style.fontSize) < 12) found.push(name(e) + " is small: " + style.fontSize);
		if (style.overflowX !== "visible" && style.overflowX !== "auto" && e.scrollWidth > e.clientWidth + 1 &&
			!(style.textOverflow === "ellipsis" && e.closest("[title]"))) found.push(name(e) + " is cut: " + own.slice(0, 30));
	}
	return found;
})()`

// viewports holds a projector and a phone.
var viewports = []struct {
	name  string
	width int64
}{{"wide", 1280}, {"phone", 390}}
