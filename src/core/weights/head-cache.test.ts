import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cacheKey, headCache } from "./head-cache";
import type { HeadWeights } from "./head-weights";
import { sqrt8Table } from "./codecs/tables";

function head(bytes: number, buffer = new ArrayBuffer(bytes), offset = 0): HeadWeights {
  const codes = new Uint8Array(buffer, offset, bytes);
  return { numQueries: 1, numKeys: bytes, codes, table: sqrt8Table, dtype: "sqrt8" };
}

describe("cacheKey", () => {
  it("differs whenever a part differs", () => {
    const keys = [
      cacheKey("block", "self", 1, 12),
      cacheKey("overview", "self", 1, 12),
      cacheKey("block", 'self",1', 1, 12),
      cacheKey("block", "self", 11, 2),
      cacheKey("block", "self", 1, 1),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("headCache", () => {
  it("evicts the least recently used head", () => {
    const cache = headCache(30);
    for (const key of ["a", "b", "c"]) cache.set(key, head(10));
    cache.get("a");
    cache.set("d", head(10));
    expect(["a", "b", "c", "d"].filter((key) => cache.has(key))).toEqual(["a", "c", "d"]);
    expect(cache.bytes).toBe(30);
  });

  it("evicts at once when its limit shrinks", () => {
    const cache = headCache(30);
    for (const key of ["a", "b", "c"]) cache.set(key, head(10));
    cache.maxBytes = 15;
    expect(["a", "b", "c"].filter((key) => cache.has(key))).toEqual(["c"]);
    cache.maxBytes = 30;
    cache.set("d", head(10));
    expect([cache.has("c"), cache.bytes]).toEqual([true, 20]);
  });

  it("does not cache a value larger than its limit, and evicts nothing for it", () => {
    const cache = headCache(30);
    cache.set("a", head(10));
    cache.set("huge", head(31));
    expect(cache.has("huge")).toBe(false);
    expect(cache.has("a")).toBe(true);
  });

  it("counts a shared buffer once, as long as one of its heads is cached", () => {
    const cache = headCache(100);
    const buffer = new ArrayBuffer(60);
    cache.set("a", head(20, buffer, 0));
    cache.set("b", head(20, buffer, 20));
    expect(cache.bytes).toBe(60);
    cache.delete("a");
    expect(cache.bytes).toBe(60);
    cache.delete("b");
    expect(cache.bytes).toBe(0);
  });

  it("replaces a head of the same key", () => {
    const cache = headCache(100);
    cache.set("a", head(20));
    const newer = head(30);
    cache.set("a", newer);
    expect(cache.get("a")).toBe(newer);
    expect([cache.size, cache.bytes]).toEqual([1, 30]);
    cache.clear();
    expect([cache.size, cache.bytes]).toEqual([0, 0]);
  });

  it("never exceeds its limit, and always holds the latest value if that fits", () => {
    const step = fc.record({
      key: fc.nat(8),
      bytes: fc.integer({ min: 1, max: 60 }),
      action: fc.constantFrom("set", "share", "get", "delete"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = headCache(100);
        const kept = new Map<string, HeadWeights>();
        let shared = new ArrayBuffer(60);
        for (const { key: number, bytes, action } of steps) {
          const key = String(number);
          if (action === "set" || action === "share") {
            if (action === "set") shared = new ArrayBuffer(bytes);
            const weights = head(Math.min(bytes, shared.byteLength), shared);
            cache.set(key, weights);
            kept.set(key, weights);
            expect(cache.get(key)).toBe(weights);
          } else if (action === "delete") {
            cache.delete(key);
            kept.delete(key);
          }
          const found = [...kept].filter(([name]) => cache.has(name));
          for (const [name, weights] of found) expect(cache.get(name)).toBe(weights);
          const buffers = new Set(found.map(([, weights]) => weights.codes.buffer));
          expect(cache.bytes).toBe([...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0));
          expect(cache.bytes).toBeLessThanOrEqual(100);
          expect(cache.size).toBe(found.length);
        }
      }),
    );
  });
});
