import { expect, it } from "vitest";
import { inPieces, packed, unpacked } from "./packed";

it("packed bytes are unpacked unchanged", async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => (at * at) % 251);
  expect(new Uint8Array(await unpacked(await packed(bytes), bytes.length))).toEqual(bytes);
});

it("bytes that unpack to more than allowed are refused", async () => {
  const bomb = await packed(new Uint8Array(10_000_000));
  expect(bomb.length).toBeLessThan(20_000);
  await expect(unpacked(bomb, 1_000_000)).rejects.toThrow(/larger than they can be/);
});

it("no more packed bytes are read than are asked for", async () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, at) => at % 251);
  const pieces: Uint8Array[] = [];
  const reader = inPieces(bytes).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
  expect(pieces.map(({ length }) => length)).toEqual([4096, 4096, 1808]);
  expect(pieces.flatMap((piece) => [...piece])).toEqual([...bytes]);
});

it("bytes that are not gzip are refused", async () => {
  await expect(unpacked("AAAA", 1000)).rejects.toThrow();
  await expect(unpacked("&", 1000)).rejects.toThrow();
});
