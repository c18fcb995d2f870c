import { describe, expect, it } from "vitest";
import { Kept } from "./kept";

const sized = (maxBytes: number) => new Kept<Uint8Array>(maxBytes, ({ length }) => length);

describe("Kept", () => {
  it("lets go of what was used longest ago", () => {
    const kept = sized(10);
    for (const key of ["a", "b", "c"]) kept.set(key, new Uint8Array(3));
    kept.get("a");
    kept.set("d", new Uint8Array(4));
    expect(["a", "b", "c", "d"].filter((key) => kept.get(key))).toEqual(["a", "c", "d"]);
    expect(kept.bytes).toBe(10);
  });

  it("counts what takes the place of another once, and keeps nothing that exceeds it", () => {
    const kept = sized(10);
    kept.set("a", new Uint8Array(6));
    kept.set("a", new Uint8Array(8));
    expect(kept.bytes).toBe(8);
    kept.set("a", new Uint8Array(11));
    expect([kept.bytes, kept.get("a")]).toEqual([0, undefined]);
  });

  it("shrinks at once when it may take less", () => {
    const kept = sized(10);
    kept.set("a", new Uint8Array(5));
    kept.set("b", new Uint8Array(5));
    kept.maxBytes = 7;
    expect([kept.bytes, kept.get("a")]).toEqual([5, undefined]);
  });
});
