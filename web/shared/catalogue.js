// The texts of the pages. Each module has a catalogue of its own, {en: {key: text}, zh: {key: text}}, so that two modules
// may use the same key for different texts.

const catalogues = new Map(); // name → texts
let shown = "en";

/** Returns the language of the texts: "en" or "zh". */
export const language = () => shown;

/** Sets the language of the texts. */
export function setLanguage(lang) {
  if (lang !== "en" && lang !== "zh") throw new Error(`there are no texts in ${lang}`);
  shown = lang;
}

/**
 * Registers a module's texts under a name and returns their lookup, t(key, ...values): the text in the language shown,
 * with {0}, {1} … replaced by the values; {0 byte} is the value with its noun, "1 byte" or "2 bytes". An unknown key or a
 * missing value throws. t.keys lists the keys.
 */
export function catalogue(name, texts) {
  if ((catalogues.get(name) ?? texts) !== texts) throw new Error(`two catalogues are named ${name}`);
  catalogues.set(name, texts);
  const t = (key, ...values) => lookup(name, key, values);
  t.keys = Object.keys(texts.en);
  return t;
}

/** Returns the text of a reference such as "room.send": the catalogue's name, a dot, the key. */
export function text(reference, ...values) {
  const dot = reference.indexOf(".");
  return lookup(reference.slice(0, dot), reference.slice(dot + 1), values);
}

function lookup(name, key, values) {
  const texts = catalogues.get(name);
  if (!texts || !Object.hasOwn(texts[shown], key)) throw new Error(`there is no text ${name}.${key} in ${shown}`);
  return texts[shown][key].replace(/\{(\d)( [a-z ]+)?\}/g, (_, i, noun = "") => {
    if (values[i] === undefined) throw new Error(`the text ${name}.${key} lacks its value {${i}}`);
    const value = String(values[i]);
    return noun && value !== "1" ? `${value}${noun}s` : value + noun;
  });
}
