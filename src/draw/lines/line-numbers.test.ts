import { describe, expect, it } from "vitest";
import { headWeights } from "../../../testing/view";
import { layoutTokens } from "../../core/look/token-layout";
import { lineNumbers } from "./line-numbers";
import { strengthOf } from "./strength";

const COUNT = 12;
const WIDTH = 300;
const LAYOUT = layoutTokens(COUNT, COUNT);

/** Head `n` looks from query n to key 0. */
const heads = (count: number) =>
  Array.from({ length: count }, (_, head) => ({
    head,
    color: [0, 0, 0] as const,
    weights: headWeights(COUNT, COUNT, (query, key) => (key === 0 && query === head % COUNT ? 1 - head / 100 : 0.01)),
  }));

const numbers = (count: number, ends: Parameters<typeof lineNumbers>[3] = { query: null, key: null }) =>
  lineNumbers(strengthOf(heads(count), LAYOUT, { scale: "linear", gain: null, sinks: [] }), LAYOUT, WIDTH, ends);

describe("the numbers of heads on their strongest lines", () => {
  it("stand on those lines, and none covers another", () => {
    const found = numbers(12);
    expect(found.map(({ one }) => one.head).sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
    for (const { one, x, y } of found) {
      const u = x / WIDTH;
      const from = LAYOUT.queryY[one.head] as number;
      expect(y).toBeCloseTo(from + u * u * (3 - 2 * u) * ((LAYOUT.keyY[0] as number) - from), 3);
    }
    for (const [at, a] of found.entries()) {
      for (const b of found.slice(0, at)) expect(Math.abs(a.x - b.x) >= 17 || Math.abs(a.y - b.y) >= 13).toBe(true);
    }
  });

  it("stand near the keys of one query, and near the queries of one key", () => {
    expect(numbers(3, { query: 1, key: null })[0]?.x).toBeGreaterThan(0.9 * WIDTH);
    expect(numbers(3, { query: null, key: 0 })[0]?.x).toBeLessThan(0.1 * WIDTH);
  });

  it("are at most 16, those of the strongest lines; none for a single head", () => {
    const found = numbers(40).map(({ one }) => one.head);
    expect(found.length).toBeLessThanOrEqual(16);
    expect(Math.max(...found)).toBeLessThan(16);
    expect(numbers(1)).toEqual([]);
  });
});
