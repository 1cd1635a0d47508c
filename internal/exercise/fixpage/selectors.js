// The CSS selectors of the page: lists, the combinators " " and ">", and simple selectors.

const simpleSelector = /^(?:([\w-]+|\*)|#([\w-]+)|\.([\w-]+)|\[([\w-]+)(?:([~^$*]?=)(?:"([^"]*)"|'([^']*)'|([^\]"']*)))?\]|:(first-child|last-child)|:not\(([^()]+)\))/;

/** Returns a function that tells whether an element matches the selector. */
function selector(text) {
  const wrong = () => new DOMException(`'${text}' is not a selector that the check's page knows.`, "SyntaxError");

  function compound(rest) {
    const tests = [];
    for (let found; rest !== ""; rest = rest.slice(found[0].length)) {
      found = simpleSelector.exec(rest);
      if (!found || (found[1] && tests.length > 0)) throw wrong();
      tests.push(simple(found));
    }
    if (tests.length === 0) throw wrong();
    return (element) => tests.every((test) => test(element));
  }

  // Spaces within brackets do not separate.
  const parts = (list, pattern) => list.match(pattern) ?? [];
  return any(parts(text, /(?:\[[^\]]*\]|\([^)]*\)|[^,[(])+/g).map((one) => {
    const words = parts(one.trim(), />|(?:\[[^\]]*\]|\([^)]*\)|[^\s>[(])+/g);
    let matches;
    let child = false;
    for (const word of words) {
      if (word === ">") {
        if (!matches || child) throw wrong();
        child = true;
        continue;
      }
      matches = joined(matches, child, compound(word));
      child = false;
    }
    if (!matches || child) throw wrong();
    return matches;
  }));

  function simple([, name, id, cls, attribute, operator, ...rest]) {
    const [double, single, bare, place, not] = rest;
    if (name) return (element) => name === "*" || element.localName === name.toLowerCase();
    if (id) return (element) => element.id === id;
    if (cls) return (element) => element.classList.contains(cls);
    if (place) return (element) => element.parentElement?.[place === "first-child" ? "firstElementChild" : "lastElementChild"] === element;
    if (not) {
      const matches = selector(not);
      return (element) => !matches(element);
    }
    const wanted = double ?? single ?? bare;
    return (element) => {
      const value = element.getAttribute(attribute);
      if (value === null || !operator) return value !== null;
      return { "=": value === wanted, "~=": value.split(/\s+/).includes(wanted), "^=": value.startsWith(wanted), "$=": value.endsWith(wanted), "*=": value.includes(wanted) }[operator];
    };
  }
}

const any = (all) => (element) => all.some((matches) => matches(element));

function joined(above, child, matches) {
  if (!above) return matches;
  return (element) => {
    if (!matches(element)) return false;
    for (let parent = element.parentElement; parent; parent = child ? null : parent.parentElement) {
      if (above(parent)) return true;
    }
    return false;
  };
}
