import { expect, it } from "vitest";
import { packed, unpacked } from "./packed";

it("packed bytes are unpacked unchanged", async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => (at * at) % 251);
  expect(new Uint8Array(await unpacked(await packed(bytes), bytes.length))).toEqual(bytes);
});

it("bytes that unpack to more than allowed are refused", async () => {
  const bomb = await packed(new Uint8Array(10_000_000));
  expect(bomb.length).toBeLessThan(20_000);
  await expect(unpacked(bomb, 1_000_000)).rejects.toThrow(/larger than they can be/);
});

it("bytes that are not gzip are refused", async () => {
  await expect(unpacked("AAAA", 1000)).rejects.toThrow();
  await expect(unpacked("&", 1000)).rejects.toThrow();
});
