// The steps of an exercise's check, in order. The first that fails ends it.

const steps = []; // {en, zh, run}
let elements = {};

/** Declares the elements of the exercise's page: id → the element's name. */
function page(described) { elements = described; }

/** Adds a step. f gets a World whose page has not been opened. */
function check(en, zh, f) { steps.push({ en, zh, run: f }); }

let alive = () => {}; // see runSteps

/**
 * Runs the steps. told(i) is called when step i begins, and repeatedly while it runs. Resolves to {passing,
 * printed, problem}: the number of steps that passed before the first that did not, and its problem: {en, zh, line, cause}.
 */
async function runSteps(code, library, told) {
  let last = 0;
  let i = 0;
  alive = () => {
    if (Date.now() - last < 200) return;
    last = Date.now();
    told(i);
  };
  let printed = [];
  for (; i < steps.length; i++) {
    const step = steps[i];
    told(i);
    const world = new World(code, library, elements);
    try {
      await step.run(world);
      await world.settle();
    } catch (error) {
      return { passing: i, printed: world.printed, problem: problemOf(error) };
    }
    printed = world.printed;
  }
  return { passing: steps.length, printed };
}

function problemOf(error) {
  if (error instanceof Finding) return { cause: "idea", en: error.en, zh: error.zh };
  const line = lineOf(error);
  const at = line === undefined ? { en: "", zh: "" } : { en: ` in line ${line}`, zh: `第 ${line} 行` };
  return { cause: "throws", en: `Your code throws${at.en}: ${error}`, zh: `你的代码${at.zh}抛出了异常：${error}`, line };
}
