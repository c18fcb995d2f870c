import { describe, expect, it } from "vitest";
import { ByteLru } from "./lru";

const sized = (maxBytes: number) => new ByteLru<Uint8Array>(maxBytes, ({ buffer }) => [buffer]);

describe("ByteLru", () => {
  it("evicts the least recently used value", () => {
    const cache = sized(10);
    for (const key of ["a", "b", "c"]) cache.set(key, new Uint8Array(3));
    cache.get("a");
    cache.set("d", new Uint8Array(4));
    expect(["a", "b", "c", "d"].filter((key) => cache.get(key))).toEqual(["a", "c", "d"]);
    expect(cache.bytes).toBe(10);
  });

  it("counts a replaced value once, and caches nothing that exceeds its limit", () => {
    const cache = sized(10);
    cache.set("a", new Uint8Array(6));
    cache.set("a", new Uint8Array(8));
    expect(cache.bytes).toBe(8);
    cache.set("a", new Uint8Array(11));
    expect([cache.bytes, cache.get("a")]).toEqual([0, undefined]);
  });

  it("shrinks at once when its limit does", () => {
    const cache = sized(10);
    cache.set("a", new Uint8Array(5));
    cache.set("b", new Uint8Array(5));
    cache.maxBytes = 7;
    expect([cache.bytes, cache.get("a")]).toEqual([5, undefined]);
  });

  it("finds a value by its content, and counts it as used", () => {
    const cache = sized(10);
    cache.set("a", new Uint8Array(4).fill(1));
    cache.set("b", new Uint8Array(4).fill(2));
    expect(cache.find(([first]) => first === 1)).toBe(cache.get("a"));
    cache.get("b");
    cache.find(([first]) => first === 1);
    cache.set("c", new Uint8Array(4));
    expect(["a", "b", "c"].map((key) => cache.has(key))).toEqual([true, false, true]);
    expect(cache.find(([first]) => first === 3)).toBeUndefined();
  });

  it("refuses a value that several buffers together make larger than the cache", () => {
    const cache = new ByteLru<Uint8Array[]>(10, (parts) => parts.map(({ buffer }) => buffer));
    cache.set("a", [new Uint8Array(6), new Uint8Array(6)]);
    expect([cache.has("a"), cache.bytes]).toEqual([false, 0]);
  });
});
