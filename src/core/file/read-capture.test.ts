import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { goldenNames, readGolden } from "../../../testing/golden";
import { framed } from "../../../testing/safetensors";
import { computeHead } from "../attend/compute-head";
import { loadHead } from "../attend/load-head";
import { hasVectors, loadVectors } from "../attend/load-vectors";
import { MemoryReader } from "./byte-reader";
import { FileBytes } from "./file-bytes";
import { captureJson, readCapture } from "./read-capture";
import { parseHeader, readSafetensors, type Safetensors } from "./safetensors";

const never = new AbortController().signal;
// biome-ignore lint/suspicious/noExplicitAny: tests change any part of a description.
type Json = any;

interface Opened {
  readonly bytes: Uint8Array;
  readonly safetensors: Safetensors;
  /** The JSON of the capture. */
  readonly text: string;
}

const files = new Map<string, Opened>();

beforeAll(async () => {
  for (const name of goldenNames()) {
    const { bytes } = await readGolden(name);
    const safetensors = await readSafetensors(new MemoryReader(bytes), never);
    files.set(name, { bytes, safetensors, text: safetensors.metadata.get("capture") as string });
  }
});

const opened = (name: string) => files.get(name) as Opened;

/** Reads the capture of a golden file after `change` has changed its description. */
function changed(name: string, change: (capture: Json) => void) {
  const { safetensors, text } = opened(name);
  const capture = JSON.parse(text);
  change(capture);
  return () => readCapture(capture, safetensors.tensors);
}

const first = (capture: Json) => capture.maps[0];
const segment =
  (...segments: Json[]) =>
  (capture: Json) =>
    (first(capture).query_segments = segments.map((one) => ({ name: "user", ...one })));
const layer = (capture: Json, at = 0) => capture.maps[0].records[at];

describe("captureJson", () => {
  const header = (metadata: Record<string, string>) => parseHeader(JSON.stringify({ __metadata__: metadata }), 8, 8);

  it.each([
    ["a model's weights", {}, /holds no attention, but a model's weights/],
    ["another format", { format: "pt" }, /holds no attention/],
    ["no version", { format: "headscope", capture: "{}" }, /does not say which version/],
    ["half a version", { format: "headscope", version: "1.5", capture: "{}" }, /does not say which version/],
    ["a newer version", { format: "headscope", version: "2", capture: "{}" }, /version 2 .* reads version 1: update/],
    ["no description", { format: "headscope", version: "1" }, /not JSON/],
    ["a broken description", { format: "headscope", version: "1", capture: "{" }, /not JSON/],
  ])("refuses %s", (_, metadata, message) => {
    expect(() => captureJson(header(metadata as Record<string, string>))).toThrow(message);
  });
});

describe("readCapture", () => {
  it("ignores fields and tensors that it does not know", () => {
    const read = changed("causal", (capture) => {
      capture.mood = "good";
      first(capture).mood = [1];
      layer(capture).mood = { a: null };
    });
    expect(read().maps[0]?.description).not.toHaveProperty("mood");
  });

  it("reads segments, and finds none in a file that is older than they are", () => {
    const segments = [
      { name: "<b>system</b>", start: 0, stop: 4 },
      { name: "user", start: 6, stop: 10 },
    ];
    const read = changed("causal", (capture) => (first(capture).query_segments = segments));
    expect(read().maps[0]?.description.query_segments).toEqual(segments);
    const older = changed("causal", (capture) => delete first(capture).query_segments);
    expect(older().maps[0]?.description.query_segments).toEqual([]);
  });

  it("leaves text unchanged", () => {
    const { maps } = changed("pair", () => {})();
    expect(maps[0]?.description.query_tokens).toContain("<script>alert(1)</script>");
  });

  it.each<[what: string, file: string, change: (capture: Json) => void, message: RegExp]>([
    ["no maps", "causal", (it) => (it.maps = []), /no attention map/],
    ["maps that are not a list", "causal", (it) => (it.maps = "self"), /maps is "self", not a list/],
    ["two maps of one name", "cross", (it) => (it.maps[1].name = it.maps[0].name), /two attention maps are called/],
    ["a name that only the prototype has", "causal", (it) => delete it.name, /there is no name/],
    [
      "a token that is a number",
      "causal",
      (it) => (first(it).query_tokens[3] = 7),
      /Map 0: query_tokens is .* not a list of texts/,
    ],
    ["a map without tokens", "causal", (it) => (first(it).key_tokens = []), /key_tokens is empty/],
    ["too few tokens", "causal", (it) => first(it).query_tokens.pop(), /10 x 10 positions, but there are 9 x 10/],
    [
      "a special token out of range",
      "causal",
      (it) => (first(it).key_special = [10]),
      /key_special holds 10, not a whole number from 0 to 9/,
    ],
    ["too few words", "causal", (it) => (first(it).query_words = [0]), /1 numbers for 10 tokens/],
    [
      "segments that are no list",
      "causal",
      (it) => (first(it).query_segments = {}),
      /query_segments is {}, not a list/,
    ],
    ["an empty segment", "causal", segment({ start: 3, stop: 3 }), /stop is 3, not a whole number from 4 to 10/],
    ["a segment beyond the end", "causal", segment({ start: 3, stop: 11 }), /query_segments 0: stop is 11, not/],
    ["segments that overlap", "causal", segment({ start: 0, stop: 4 }, { start: 3, stop: 5 }), /1: start is 3, not/],
    ["a segment without a name", "causal", segment({ name: 7, start: 0, stop: 4 }), /name is 7, not a text/],
    ["a segment that is a number", "causal", (it) => (first(it).key_segments = [3]), /key_segments 0 is no object/],
    ["fewer records than layers", "causal", (it) => first(it).records.pop(), /1 records for 2 layers/],
    ["heads that differ", "causal", (it) => (first(it).num_heads = [4, 5]), /num_heads does not fit/],
    [
      "a kind that comes later",
      "causal",
      (it) => (layer(it).kind = "states"),
      /layer 0: .* does not know a record of the kind "states"/,
    ],
    [
      "a tensor that is not there",
      "causal",
      (it) => (layer(it).queries = "toString"),
      /names the tensor "toString", which is not/,
    ],
    [
      "keys for queries",
      "causal",
      (it) => (layer(it).queries = layer(it).keys),
      /queries has the shape \[2,10,8\], not \[4,any,8\]/,
    ],
    [
      "queries for an overview",
      "overviews",
      (it) => (layer(it).overview = layer(it).queries),
      /overview is a tensor of F32, not of F16/,
    ],
    ["no overview of a long map", "overviews", (it) => (layer(it).overview = null), /there is no overview/],
    ["heads that cannot share keys equally", "causal", (it) => (layer(it).num_kv_heads = 3), /4 heads can't share 3/],
    [
      "infinitely many heads",
      "missing",
      (it) => (layer(it).num_heads = 1e15),
      /num_heads is 1000000000000000, not a whole/,
    ],
    [
      "a million heads",
      "missing",
      (it) => {
        layer(it).num_heads = 65536;
        first(it).num_heads[0] = 65536;
      },
      /more than any model has/,
    ],
    ["a scaling that is a string", "causal", (it) => (layer(it).scaling = "1"), /scaling is "1", not a number/],
    ["sinks for other heads", "sinks", (it) => (layer(it).sinks = layer(it).queries), /sinks has the shape/],
    ["a mask for other keys", "causal", (it) => (layer(it).visible.num_keys = 11), /visible: num_keys is 11/],
    [
      "a mask of halves",
      "causal",
      (it) => (layer(it).visible.start = layer(it).queries),
      /start is a tensor of F32, not of I32/,
    ],
    [
      "a bias that comes later",
      "t5",
      (it) => (layer(it).biases[0].kind = "wave"),
      /bias 0: .* does not know a bias of the kind "wave"/,
    ],
    [
      "pieces of other heads",
      "pieces",
      (it) => (layer(it).pieces[1].num_heads = 1),
      /piece 1: num_kv_heads is 2, not a whole/,
    ],
    ["fewer places than pieces", "pieces", (it) => layer(it).key_at.pop(), /key_at has 3 parts for 4 pieces/],
  ])("refuses %s", (_, file, change, message) => {
    expect(changed(file, change)).toThrow(message);
    expect(changed(file, change)).toThrow(/^This file is damaged\. .*save it again with capture\.save\(\)\.$/);
  });

  it("refuses contradictory numbers in tensors", async () => {
    await expect(withInts("causal", "self.0.visible.stop", 11)).rejects.toThrow("outside of the 10 that there are");
    await expect(withInts("causal", "self.0.visible.start", -1)).rejects.toThrow("outside of the 10 that there are");
    await expect(withInts("pieces", "self.0.pieces.0.query_at", 36)).rejects.toThrow("outside of its attention map");
    await expect(withInts("pieces", "self.0.pieces.0.query_at", -2)).rejects.toThrow("outside of its attention map");
    await expect(withInts("t5", "encoder.0.biases.0.query_at", 4000)).rejects.toThrow("lacks some of the distances");
  });

  /** Computes the first layer of a file in which one I32 tensor has another number. */
  async function withInts(name: string, part: string, value: number): Promise<unknown> {
    const { bytes, safetensors } = opened(name);
    const tensor = [...safetensors.tensors.values()].find((one) => one.name === part || one.name.endsWith(part));
    if (!tensor) throw new Error(`no ${part} among ${[...safetensors.tensors.keys()].join(", ")}`);
    const changed = bytes.slice();
    new DataView(changed.buffer).setInt32(tensor.start + 4, value, true);
    return computeAll(changed);
  }
});

/** Opens a file and computes everything in it. Returns the largest number of codes of a head. */
async function computeAll(bytes: Uint8Array): Promise<number> {
  const reader = new MemoryReader(bytes);
  const safetensors = await readSafetensors(reader, never);
  const { maps } = readCapture(captureJson(safetensors), safetensors.tensors);
  const file = new FileBytes(reader, 1 << 20);
  let most = 0;
  for (const { records } of maps) {
    for (const record of records) {
      const work = computeHead(await loadHead(file, record, record.numHeads - 1, never));
      for (let step = work.next(); ; step = work.next()) {
        if (!step.done) continue;
        most = Math.max(most, step.value.codes.length);
        break;
      }
      if (hasVectors(record)) await loadVectors(file, record, 0, [0, Math.min(2, record.numQueries)], never);
    }
  }
  return most;
}

describe("a file that was tampered with", () => {
  /** Asserts that a file either opens or is refused with a message for users. */
  async function harmless(bytes: Uint8Array): Promise<void> {
    try {
      expect(await computeAll(bytes)).toBeLessThanOrEqual(bytes.length);
    } catch (error) {
      expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
      expect((error as Error).message).toMatch(/^[A-Z].*\.$/s);
    }
  }

  it("opens as before if nothing was changed", async () => {
    for (const { bytes } of files.values()) expect(await computeAll(bytes)).toBeGreaterThan(0);
  });

  const name = fc.constantFrom(...goldenNames());

  it("does no harm through its description", () => {
    const value = fc.oneof(
      fc.constantFrom(
        null,
        -1,
        0,
        1,
        2,
        1e15,
        1e308,
        "",
        "self.0.queries",
        "self.0.keys",
        "weights",
        "missing",
        [],
        {},
      ),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const changes = fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 3 });
    return fc.assert(
      fc.asyncProperty(name, changes, async (file, all) => {
        const { bytes, safetensors, text } = opened(file);
        const capture = JSON.parse(text);
        for (const [at, replacement] of all) {
          const places = [...placesIn(capture)];
          const [owner, key] = places[at % places.length] as [Json, string];
          owner[key] = replacement;
        }
        await harmless(withCapture(bytes, safetensors, capture));
      }),
      { numRuns: 400 },
    );
  });

  it("does no harm through its numbers", () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    return fc.assert(
      fc.asyncProperty(name, fc.array(change, { minLength: 1, maxLength: 8 }), async (file, all) => {
        const { bytes, safetensors } = opened(file);
        const start = Math.min(...[...safetensors.tensors.values()].map((tensor) => tensor.start));
        const changed = bytes.slice();
        for (const [at, value] of all) changed[start + (at % (bytes.length - start))] = value;
        await harmless(changed);
      }),
      { numRuns: 200 },
    );
  });

  /** Every property of every object and list within a value. */
  function* placesIn(value: Json): Generator<[owner: Json, key: string]> {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      yield [value, key];
      yield* placesIn(value[key]);
    }
  }

  /** The file with another description. */
  function withCapture(bytes: Uint8Array, { tensors, metadata }: Safetensors, capture: Json): Uint8Array {
    const start = Math.min(...[...tensors.values()].map((tensor) => tensor.start));
    const entries = [...tensors.values()].map(({ name, dtype, shape, ...range }) => {
      return [name, { dtype, shape, data_offsets: [range.start - start, range.stop - start] }];
    });
    const changed = { ...Object.fromEntries(metadata), capture: JSON.stringify(capture) };
    const header = JSON.stringify({ __metadata__: changed, ...Object.fromEntries(entries) });
    const file = framed(header, bytes.length - start);
    file.set(bytes.subarray(start), file.length - (bytes.length - start));
    return file;
  }
});
