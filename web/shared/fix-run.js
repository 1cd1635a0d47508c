// Runs the check of a page to fix in a sandboxed frame. The frame may connect to nothing; the page fetches the check for it.

const limit = 60_000; // ms for a check; the frame itself ends code that does not come to an end

/**
 * Checks code. stepped(i) is called when step i begins. Resolves to {passing, printed, problem}; rejects if the frame cannot
 * run it.
 */
export async function check(exercise, code, stepped) {
  const response = await fetch(`/lab/exercise/${exercise}/check.json`);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  const task = await response.json();
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.hidden = true;
  frame.src = "/lab/fix-page";
  let hear, timer;
  try {
    return await new Promise((resolve, reject) => {
      hear = ({ source, data }) => {
        if (source !== frame.contentWindow) return;
        if (data.ready) frame.contentWindow.postMessage({ ...task, code }, "*");
        else if (data.step !== undefined) stepped(data.step);
        else if (data.result) resolve(data.result);
        else if (data.failed) reject(new Error(data.failed));
      };
      addEventListener("message", hear);
      timer = setTimeout(() => reject(new Error("timeout")), limit);
      document.body.append(frame);
    });
  } finally {
    removeEventListener("message", hear);
    clearTimeout(timer);
    frame.remove();
  }
}
