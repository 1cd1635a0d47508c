// Runs checks in Node, for the proof of the exercises. Standard input holds JSON, {harness, library, variants: [{check,
// code}]}; standard output gets one line of JSON for each variant.

const vm = require("node:vm");
const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");

/** Runs one variant, in a worker: an endless loop ends with the worker. */
async function runHere({ harness, library, check, code }) {
  const problem = syntaxProblem(code);
  if (problem) return { passing: 0, printed: [], problem };
  const given = { Blob, DOMException, Headers, Response, TextEncoder, TextDecoder, URL, URLSearchParams, AbortController, AbortSignal, MessageChannel, atob, btoa, queueMicrotask, structuredClone };
  const context = vm.createContext(given);
  const lab = vm.runInContext(harness + check + "\n;({ runSteps, rejected: (error) => current?.thrown(error) })", context, { filename: "harness.js" });
  process.on("unhandledRejection", (error) => lab.rejected(error));
  return lab.runSteps(code, library, () => parentPort.postMessage({}));
}

const AsyncFunction = (async () => {}).constructor;

/** Returns what is wrong with the syntax of the code, with its line, or undefined. */
function syntaxProblem(code) {
  try {
    new AsyncFunction(code);
    return undefined;
  } catch (error) {
    let line;
    try {
      new vm.Script(`async function page() {${code}\n}`, { filename: "page.js" });
    } catch ({ stack }) {
      line = Number(/page\.js:(\d+)/.exec(stack)[1]);
    }
    const at = line === undefined ? { en: "The code", zh: "代码" } : { en: `Line ${line}`, zh: `第 ${line} 行` };
    return { cause: "syntax", en: `${at.en} is no JavaScript: ${error.message}`, zh: `${at.zh}不是合法的 JavaScript：${error.message}`, line };
  }
}

let limit; // ms without a message

function runApart(data) {
  return new Promise((done) => {
    const worker = new Worker(__filename, { workerData: data });
    let timer;
    const end = (result) => {
      clearTimeout(timer);
      done(result);
      worker.terminate();
    };
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => end({ passing: 0, printed: [], problem: { cause: "time", en: "Your code does not end: look for an endless loop.", zh: "你的代码停不下来：请找找死循环。" } }), limit);
    };
    worker.on("message", (message) => (message.result ? end(message.result) : watch()));
    worker.on("error", (error) => end({ passing: 0, printed: [], problem: { cause: "harness", en: String(error.stack), zh: String(error) } }));
    watch();
  });
}

async function main() {
  let input = "";
  for await (const part of process.stdin) input += part;
  const { harness, library, variants, ...given } = JSON.parse(input);
  limit = given.limit ?? 5000;
  for (const { check, code } of variants) console.log(JSON.stringify(await runApart({ harness, library, check, code })));
}

if (isMainThread) main();
else runHere(workerData).then((result) => parentPort.postMessage({ result: JSON.parse(JSON.stringify(result)) }));
