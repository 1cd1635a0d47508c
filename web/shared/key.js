// The key of the person who started the lab: the terminal prints the page's address with #key=….

let given = Promise.resolve(); // settles when the server has answered
const old = "old-key"; // set while this tab's last key was refused

/**
 * Takes the key out of the address and gives it to the server, which answers with a cookie. Keeps a right key for the links
 * to the lab's other ports, see bar.js. Waits for the answer, even to another caller's key. Returns whether there was a key.
 */
export async function takeKey() {
  const key = /^#key=([\w-]+)$/.exec(location.hash)?.[1];
  if (key) {
    history.replaceState(null, "", location.pathname + location.search);
    given = give(key);
  }
  await given;
  return Boolean(key);
}

async function give(key) {
  const { ok } = await fetch("/lab/key", { method: "POST", body: key });
  if (ok) sessionStorage.setItem("key", key);
  keyIsOld(!ok);
}

/** Remembers for this tab whether its key belongs to an earlier run of the lab. */
export function keyIsOld(is) {
  if (is) sessionStorage.setItem(old, "1");
  else sessionStorage.removeItem(old);
}

/** Returns whether this tab's key belongs to an earlier run of the lab. */
export const isKeyOld = () => sessionStorage.getItem(old) !== null;
