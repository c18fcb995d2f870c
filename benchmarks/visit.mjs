import { heapMegabytes, rendererMegabytes } from "./browser.mjs";
import { interceptNetwork } from "./server.mjs";

const PROBES = ["subjects.js", "probe.js"].map((name) => new URL(name, import.meta.url).pathname);

/** Rejects with a `TimeoutError` when `promise` takes longer, even while the page answers nothing. */
export function within(seconds, promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(Object.assign(new Error(`over ${seconds} s`), { name: "TimeoutError" })),
      seconds * 1e3,
    );
  });
  promise.catch(() => {}); // it may fail long after anybody waits for it
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

/** The actions of a visit, in order: `[the subject's method, its arguments]`. */
function actionsOf({ view, layers, heads, tokens }, repeats) {
  if (view === "page") return [];
  const times = [...Array(repeats).keys()];
  const hovers = times.map((time) => ["hover", [(3 * time + 1) % tokens]]);
  if (view === "model")
    return [...times.map((time) => ["open", [(2 * time + 1) % layers, (3 * time + 1) % heads]]), ...hovers];
  const switches = times.map((time) => ["layer", [(time + 1) % layers]]);
  // Head 0 is where a view that shows one head begins.
  const toggles = times.map((time) => ["head", [view === "head" ? time % (heads - 1) : (time + 1) % heads]]);
  return [...switches, ...toggles, ...(view === "head" ? hovers : [])];
}

async function openPage(browser, job, result) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  result.requests = await interceptNetwork(context);
  for (const path of PROBES) await context.addInitScript({ path });
  await context.addInitScript((given) => globalThis.benchmark.start(given), job);
  const page = await context.newPage();
  page.on("pageerror", (error) => result.errors.push(error.message));
  return page;
}

async function act(page, job, { budget, repeats }, result, guarded) {
  const end = Date.now() + budget * 1e3;
  const actions = actionsOf(job, repeats);
  const able = await guarded(
    page.evaluate(
      (names) => globalThis.benchmark.able(names),
      actions.map(([name]) => name),
    ),
  );
  for (const [method, args] of actions) {
    if (!able.includes(method)) continue;
    result[method] ??= [];
    if (Date.now() > end && result[method].length > 0) continue;
    result.step = method;
    const call = page.evaluate(([name, given]) => globalThis.benchmark.act(name, given), [method, args]);
    result[method].push(await guarded(call));
  }
}

/**
 * Loads the job's page once and measures it: `{ first, layer: [ms], head: [ms], ..., heap, renderer, elements }`.
 * Where it hangs or crashes, `failure` says how and `step` at what; what was measured before stays.
 */
export async function visit(browser, url, job, settings) {
  const result = { step: "first", failure: null, errors: [] };
  try {
    const page = await openPage(browser, job, result);
    const crash = new Promise((_, reject) => page.on("crash", () => reject(new Error("crashed"))));
    const guarded = (promise) => within(settings.limit, Promise.race([promise, crash]));
    crash.catch(() => {});
    const loaded = page.goto(url, { waitUntil: "commit", timeout: 0 });
    result.first = await guarded(loaded.then(() => page.evaluate(() => globalThis.benchmark.first)));
    result.elements = await guarded(page.evaluate(() => globalThis.benchmark.elements()));
    result.heap = await guarded(heapMegabytes(page));
    result.renderer = await rendererMegabytes(browser);
    await act(page, job, settings, result, guarded);
    await guarded(page.context().close());
  } catch (error) {
    result.failure = error.name === "TimeoutError" ? `> ${settings.limit} s` : error.message;
  }
  return result;
}
