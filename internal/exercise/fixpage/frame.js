// Runs an exercise's check on the reader's code. The document is a sandboxed frame: it has an
// origin of its own and may connect to nothing. The code runs in a worker, which is terminated if
// it does not end by itself. Not a module: the server writes it into the frame's document.

{
  // The worker is terminated after this number of ticks without a message. On a busy machine the
  // ticks are late, too.
  const tick = 250; // ms
  const [mostToStart, most] = [120, 20]; // until its first message, and after that
  const tell = (message) => parent.postMessage(message, "*");
  const AsyncFunction = (async () => {}).constructor;

  /** Returns what is wrong with the syntax of the code, with its line, or undefined. */
  function syntaxProblem(code) {
    try {
      new AsyncFunction(code);
      return undefined;
    } catch (error) {
      // The error has no line in every browser, but the event of a script that does not compile has one.
      let line;
      const hear = (event) => {
        if (event.lineno && event.message?.includes("SyntaxError")) line = event.lineno;
        event.preventDefault();
      };
      addEventListener("error", hear);
      const script = document.createElement("script");
      script.textContent = `throw 0; async function page() {${code}\n}`;
      document.head.append(script);
      script.remove();
      removeEventListener("error", hear);
      const at = line === undefined ? { en: "The code", zh: "代码" } : { en: `Line ${line}`, zh: `第 ${line} 行` };
      return { cause: "syntax", en: `${at.en} is no JavaScript: ${error.message}`, zh: `${at.zh}不是合法的 JavaScript：${error.message}`, line };
    }
  }

  const workerCode = (harness, check) => `(() => {${harness}\n${check}
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      current?.thrown(event.reason);
    });
    const tell = postMessage.bind(globalThis);
    addEventListener("message", async ({ data }) => {
      tell({ result: await runSteps(data.code, data.library, (step) => tell({ step })) });
    });
  })();`;

  function runApart({ harness, check, library, code }) {
    const url = URL.createObjectURL(new Blob([workerCode(harness, check)], { type: "text/javascript" }));
    const worker = new Worker(url);
    let [step, quiet, limit] = [0, 0, mostToStart];
    const end = (message) => {
      clearInterval(timer);
      worker.terminate();
      URL.revokeObjectURL(url);
      tell(message);
    };
    const timer = setInterval(() => {
      if (++quiet === limit) end({
        result: { passing: step, printed: [], problem: { cause: "time", en: "Your code does not end: look for an endless loop.", zh: "你的代码停不下来：请找找死循环。" } },
      });
    }, tick);
    worker.addEventListener("message", ({ data }) => {
      if (data.result) return end(data);
      if (data.step !== undefined) step = data.step;
      [quiet, limit] = [0, most];
      tell(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      end({ failed: event.message ?? "the worker did not start" });
    });
    worker.postMessage({ code, library });
  }

  addEventListener("message", ({ data, source }) => {
    if (source !== parent || parent === window) return;
    const problem = syntaxProblem(data.code);
    if (problem) tell({ result: { passing: 0, printed: [], problem } });
    else runApart(data);
  });
  tell({ ready: true });
}
