/**
 * How long a page that opened a file takes to compute excerpts and tiles from queries and keys, in Node's V8 and without
 * a browser. `node benchmarks/file-rows.mjs [another/src]`
 *
 * One causal head of made-up queries and keys. With the `src/` of another checkout that has the same functions, every
 * case runs with both in turns, so that what else the machine does meanwhile bears on both alike.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL("../src", import.meta.url));
const TOKENS = 4096;
const HEAD_DIM = 64;
const REPEATS = 15;
const IN_SIGHT = 48;
const FAR_GROUPS = 64;

const sources = [HERE, ...process.argv.slice(2)];
const versions = await Promise.all(sources.map(load));
const [queries, keys] = [numbers(1), numbers(2)];
const top = Math.ceil(Math.log2(TOKENS / 256));

/** What is measured: of a head of which nothing is known, or of one whose norms are. */
const CASES = {
  "excerpt of 48 queries in sight": { norms: false, work: (code, rows) => excerpt(code, rows, [near()], true) },
  "excerpt of all other queries": { norms: false, work: (code, rows) => excerpt(code, rows, far(), false) },
  "tile of the top level": { norms: false, work: (code, rows) => tiles(code, rows, [[top, 0, 0]]) },
  "the same, norms known": { norms: true, work: (code, rows) => tiles(code, rows, [[top, 0, 0]]) },
  "tile of level 0, lowest row": { norms: false, work: (code, rows) => tiles(code, rows, [[0, TOKENS / 256 - 1, 3]]) },
  "the same, norms known ": { norms: true, work: (code, rows) => tiles(code, rows, [[0, TOKENS / 256 - 1, 3]]) },
};

console.log(
  `Node ${process.version}, ${TOKENS} tokens, ${HEAD_DIM} dimensions, one causal head; milliseconds of the CPU`,
);
console.table(Object.entries(CASES).flatMap(([name, wish]) => measure(name, wish)));

async function load(source) {
  const contents = `
    export { AttendedRows } from "./core/attend/attend";
    export { ExcerptSums } from "./core/reduce/excerpt-sums";
    export { addRows } from "./core/reduce/excerpt-rows";
    export { groupingOf } from "./core/reduce/group-tokens";
    export { TileBins } from "./core/tiles/tile-bins";
    export { fillTiles } from "./core/tiles/fill-tiles";`;
  const stdin = { contents, resolveDir: source, loader: "ts" };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: "esm", target: "es2022" });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

function measure(name, { norms, work }) {
  const samples = versions.map(() => []);
  for (let turn = 0; turn <= REPEATS; turn++) {
    for (const [index, code] of versions.entries()) {
      const rows = headOf(code);
      if (norms) drain(tiles(code, rows, [[top, 0, 0]]));
      const sample = timed(() => drain(work(code, rows)));
      if (turn > 0) samples[index].push(sample);
    }
  }
  return samples.map((times, index) => ({ what: name, src: index === 0 ? "here" : "there", ...summary(times) }));
}

function headOf(code) {
  const stop = Int32Array.from({ length: TOKENS }, (_, query) => query + 1);
  const visible = { numKeys: TOKENS, start: new Int32Array(TOKENS), stop, shown: null, exceptions: null };
  const rules = { scaling: HEAD_DIM ** -0.5, softcap: null, sink: null, visible, biases: [] };
  return new code.AttendedRows({ numQueries: TOKENS, numKeys: TOKENS, headDim: HEAD_DIM, queries, keys, ...rules });
}

function near() {
  return [TOKENS - IN_SIGHT, TOKENS];
}

function far() {
  const size = TOKENS / FAR_GROUPS;
  return Array.from({ length: FAR_GROUPS - 1 }, (_, group) => [group * size, (group + 1) * size]);
}

function excerpt(code, rows, groups, areSingle) {
  const single = ([[start, stop]]) => Array.from({ length: stop - start }, (_, at) => [start + at, start + at + 1]);
  const rowsOf = code.groupingOf(areSingle ? single(groups) : groups, TOKENS);
  const sums = new code.ExcerptSums(rowsOf, code.groupingOf([...far(), near()], TOKENS), false);
  return code.addRows(rows, sums, 0, TOKENS);
}

function tiles(code, rows, places) {
  const bins = places.map(([level, row, column]) => new code.TileBins({ level, row, column }, TOKENS, TOKENS, "max"));
  return code.fillTiles(rows, bins, bins[0].queries.start, bins[0].queries.stop);
}

function drain(work) {
  let longest = 0;
  for (;;) {
    const start = performance.now();
    const { done } = work.next();
    longest = Math.max(longest, performance.now() - start);
    if (done) return longest;
  }
}

/** Numbers as if drawn from a normal distribution, the same in every run. */
function numbers(seed) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return Float32Array.from({ length: TOKENS * HEAD_DIM }, normal);
}

function timed(work) {
  const before = process.cpuUsage();
  const longest = work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000, longest };
}

function summary(samples) {
  const sorted = samples.map(({ cpu }) => cpu).sort((a, b) => a - b);
  const round = (value) => Number(value.toFixed(1));
  return {
    median: round(sorted[sorted.length >> 1]),
    least: round(sorted[0]),
    "longest step, wall": round(Math.min(...samples.map(({ longest }) => longest))),
  };
}
