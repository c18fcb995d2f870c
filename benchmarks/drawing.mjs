/**
 * How long the lines of a layer take to draw, in Node's V8 and without a browser. `node benchmarks/drawing.mjs`
 *
 * With the `src/` of another checkout, draws every case with both in turns, so that what else the machine does meanwhile
 * bears on both alike: `node benchmarks/drawing.mjs [another/src]`.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL("../src", import.meta.url));
const HEADS = 12;
/** Pixels between the tokens; in height, the picture is what the head view's layout makes it. */
const WIDTH = 420;
/** Each case is repeated for this many milliseconds, and as many times at least. */
const DURATION = 1500;
const REPEATS = 9;

/**
 * Attention of each head and query is softmax(sharpness x standard normal scores): spread evenly over all keys at 0.25,
 * on a few keys at 4. `causal` leaves out later keys, `sink` adds to the score of the first key, and `query` draws the
 * lines of that query alone, as pointing at a token does.
 */
const CASES = {
  "16 tokens": { tokens: 16, sharpness: 4 },
  "64 tokens, peaked": { tokens: 64, sharpness: 4 },
  "64 tokens, even": { tokens: 64, sharpness: 0.25 },
  "128 tokens, peaked": { tokens: 128, sharpness: 4 },
  "128 tokens, half peaked": { tokens: 128, sharpness: 2 },
  "128 tokens, even": { tokens: 128, sharpness: 0.25 },
  "128 tokens, causal with a sink": { tokens: 128, sharpness: 2, causal: true, sink: 6 },
  "128 tokens, one query": { tokens: 128, sharpness: 4, query: 40 },
  "128 tokens, one query, even": { tokens: 128, sharpness: 0.25, query: 40 },
  "512 tokens, peaked": { tokens: 512, sharpness: 4 },
  "512 tokens, half peaked": { tokens: 512, sharpness: 2 },
  "512 tokens, even": { tokens: 512, sharpness: 0.25 },
};

const sources = [HERE, ...process.argv.slice(2)];
const versions = await Promise.all(sources.map(load));
const rows = Object.entries(CASES).flatMap(([name, wish]) => measure(name, wish));
console.log(`Node ${process.version}, ${HEADS} heads, ${WIDTH} pixels wide; milliseconds of wall time and of the CPU`);
console.table(rows);

async function load(source) {
  const contents = `
    export { drawLines } from "./draw/lines/lines";
    export { layoutTokens, MAX_ROW_HEIGHT } from "./core/look/token-layout";
    export { headColor } from "./core/look/colors";
    export { float16Table } from "./core/weights/codecs/tables";`;
  const stdin = { contents, resolveDir: source, loader: "ts" };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: "esm", target: "es2022" });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

function measure(name, wish) {
  const draw = versions.map((version) => prepare(version, wish));
  const times = versions.map(() => []);
  const start = performance.now();
  for (let turn = 0; turn < REPEATS || performance.now() - start < DURATION * versions.length; turn++) {
    for (const [index, one] of draw.entries()) times[index].push(timed(one));
  }
  return times.map((samples, index) => ({
    case: name,
    ...(versions.length > 1 && { source: sources[index] }),
    ...summary(samples.slice(2)),
    lines: samples[0].lines,
  }));
}

/** Draws as the head view does at one device pixel a CSS pixel. */
function prepare({ drawLines, layoutTokens, MAX_ROW_HEIGHT, headColor, float16Table }, wish) {
  const { tokens, query = null } = wish;
  const next = random(tokens);
  const heads = Array.from({ length: HEADS }, (_, head) => {
    const codes = new Uint16Array(rowsOf(wish, next).buffer);
    const weights = { numQueries: tokens, numKeys: tokens, codes, table: float16Table, dtype: "float16" };
    return { weights, color: headColor(head, HEADS, false) };
  });
  const { queryY, keyY, height, rowHeight } = layoutTokens(tokens, tokens);
  const picture = { width: WIDTH, height, data: new Uint8ClampedArray(WIDTH * height * 4) };
  const halfWidth = 0.9 * Math.sqrt(rowHeight / MAX_ROW_HEIGHT);
  const opacity = query === null ? 1 / HEADS : 1 / Math.sqrt(HEADS);
  const style = { opacity, halfWidth, query, key: null };
  return () => drawLines(picture, heads, { queryY, keyY, left: 0, right: WIDTH }, style);
}

/** The weights of one head as half-precision codes. */
function rowsOf({ tokens, sharpness, causal = false, sink = 0 }, next) {
  const codes = new Uint16Array(tokens * tokens);
  for (let query = 0; query < tokens; query++) {
    const scores = Array.from(
      { length: causal ? query + 1 : tokens },
      (_, key) => sharpness * normal(next) + (key === 0 ? sink : 0),
    );
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    scores.forEach((score, key) => {
      codes[query * tokens + key] = half(Math.exp(score) / sum);
    });
  }
  return codes;
}

/** The half-precision code nearest to a weight: its float32's leading bits, with another exponent bias. */
function half(weight) {
  if (weight < 2 ** -14) return Math.round(weight * 2 ** 24);
  const bits = new Int32Array(Float32Array.of(weight).buffer)[0];
  return (bits - (112 << 23) + (1 << 12)) >> 13;
}

function normal(next) {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function timed(draw) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const lines = draw();
  const { user, system } = process.cpuUsage(before);
  return { lines, wall: performance.now() - start, cpu: (user + system) / 1000 };
}

function summary(samples) {
  const [wall, cpu] = ["wall", "cpu"].map((of) => samples.map((sample) => sample[of]).sort((a, b) => a - b));
  const round = (value) => Number(value.toFixed(1));
  const median = (sorted) => round(sorted[sorted.length >> 1]);
  return {
    median: median(wall),
    least: round(wall[0]),
    greatest: round(wall.at(-1)),
    cpu: median(cpu),
    times: wall.length,
  };
}
