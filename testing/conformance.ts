import { describe, expect, it } from "vitest";
import { chainOf } from "../src/core/attend/chain";
import { CAPTURE, compare, HEAD_DIM, overviewOf, right, SENTENCE, weightsOf } from "./conformance-capture";
import { type BoundedSource, describePooling } from "./conformance-pooling";

const never = new AbortController().signal;
const block = (map: string, layer: number, heads: number[]) => ({ kind: "block" as const, map, layer, heads });
const overview = (map: string, layer: number, heads: number[]) => ({ kind: "overview" as const, map, layer, heads });

/** Tests that every source passes. `open` makes a new source of `CAPTURE` that caches at most `maxBytes` of weights. */
export function describeSource(name: string, open: (maxBytes?: number) => Promise<BoundedSource>): void {
  describePooling(name, open);
  describe(`${name}, as every source`, () => {
    it("has nothing before a request, and caches what was requested", async () => {
      const source = await open();
      expect(source.peek("block", "short", 0, 1)).toBeUndefined();
      const [head] = await source.fetch(block("short", 0, [1]), never);
      expect(source.peek("block", "short", 0, 1)).toBe(head);
      expect(await source.fetch(block("short", 0, [1]), never)).toEqual([head]);
    });

    it.each([
      ["short", 0],
      ["short", 1],
      ["long", 1],
    ])("gives the weights of %s, layer %i, in the order of the request", async (map, layer) => {
      const source = await open();
      const heads = await source.fetch(block(map, layer, [1, 0]), never);
      expect(heads).toHaveLength(2);
      expect(compare(heads[0], weightsOf(map, layer, 1))).toEqual(right(weightsOf(map, layer, 1)));
      expect(compare(heads[1], weightsOf(map, layer, 0))).toEqual(right(weightsOf(map, layer, 0)));
    });

    it("reports the weights of a layer that was not kept as missing", async () => {
      const source = await open();
      for (const map of ["short", "long"]) {
        const [head] = await source.fetch(block(map, 2, [1]), never);
        expect(compare(head, weightsOf(map, 2, 1))).toEqual(right(weightsOf(map, 2, 1)));
        const [pooled] = await source.fetch(overview(map, 2, [1]), never);
        expect(compare(pooled, overviewOf(map, 2, 1))).toEqual(right(overviewOf(map, 2, 1)));
      }
    });

    it("returns overviews of a long map, and the weights themselves of a short one", async () => {
      const source = await open();
      const [long] = await source.fetch(overview("long", 0, [2]), never);
      expect(compare(long, overviewOf("long", 0, 2))).toEqual(right(overviewOf("long", 0, 2)));
      expect(source.peek("overview", "long", 0, 2)).toBe(long);
      expect(source.peek("block", "long", 0, 2)).toBeUndefined();
      const [short] = await source.fetch(overview("short", 0, [2]), never);
      expect(source.peek("block", "short", 0, 2)).toBe(short);
    });

    it("answers several requests at once, each with its own heads", async () => {
      const source = await open();
      const [one, two, three] = await Promise.all([
        source.fetch(block("short", 0, [0, 1]), never),
        source.fetch(block("short", 0, [1, 2]), never),
        source.fetch(block("short", 1, [0]), never),
      ]);
      expect(compare(one[1], weightsOf("short", 0, 1))).toEqual(right(weightsOf("short", 0, 1)));
      expect(compare(two[1], weightsOf("short", 0, 2))).toEqual(right(weightsOf("short", 0, 2)));
      expect(compare(three[0], weightsOf("short", 1, 0))).toEqual(right(weightsOf("short", 1, 0)));
      expect(await source.fetch(block("short", 0, []), never)).toEqual([]);
    });

    it("returns the vectors from which the weights are computed", async () => {
      const source = await open();
      const vectors = await source.vectors({ map: "short", layer: 1, head: 1, queries: [1, 4] }, never);
      expect(vectors).toMatchObject({ rows: [1, 4], numKeys: 5, headDim: HEAD_DIM });
      const { queries, keys } = CAPTURE.vectorsOf("short", 1, 1) as { queries: Float32Array; keys: Float32Array };
      expect([...vectors.queries]).toEqual([...queries.subarray(HEAD_DIM, 4 * HEAD_DIM)]);
      expect([...vectors.keys]).toEqual([...keys]);
      for (const query of [1, 2, 3]) {
        const { softmax, difference } = chainOf(vectors, query);
        const expected = weightsOf("short", 1, 1).subarray(query * 5, (query + 1) * 5);
        expect([...softmax].map((weight) => weight.toFixed(6))).toEqual([...expected].map((one) => one.toFixed(6)));
        expect(difference).toBeLessThan(1e-6);
      }
      expect(await source.vectors({ map: "short", layer: 1, head: 1, queries: [1, 4] }, never)).toBe(vectors);
    });

    it("rejects invalid requests with a message for users", async () => {
      const source = await open();
      await expect(source.fetch(block("cross", 0, [0]), never)).rejects.toThrow(SENTENCE);
      await expect(source.fetch(block("short", 3, [0]), never)).rejects.toThrow(SENTENCE);
      await expect(source.fetch(block("short", 0, [3]), never)).rejects.toThrow(SENTENCE);
      await expect(source.fetch(overview("long", 1, [2]), never)).rejects.toThrow(SENTENCE);
      await expect(source.vectors({ map: "short", layer: 2, head: 0, queries: [0, 5] }, never)).rejects.toThrow(
        SENTENCE,
      );
    });

    it("rejects with the signal's reason, and answers the next request", async () => {
      const source = await open();
      const reason = new Error("moved on");
      const gone = AbortSignal.abort(reason);
      await expect(source.fetch(block("short", 0, [0]), gone)).rejects.toBe(reason);
      const moved = new AbortController();
      const answers = [
        source.fetch(block("long", 0, [0]), moved.signal),
        source.fetch(overview("long", 0, [0]), moved.signal),
        source.vectors({ map: "long", layer: 0, head: 0, queries: [0, 2] }, moved.signal),
      ];
      moved.abort(reason);
      for (const answer of await Promise.allSettled(answers)) expect(answer).toEqual({ status: "rejected", reason });
      const [head] = await source.fetch(block("long", 0, [0]), never);
      expect(compare(head, weightsOf("long", 0, 0))).toEqual(right(weightsOf("long", 0, 0)));
    });
  });
}
