import { expect, it } from "vitest";
import { packed, unpacked } from "./packed";

it("what is packed is unpacked as it was", async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => (at * at) % 251);
  expect(new Uint8Array(await unpacked(await packed(bytes), bytes.length))).toEqual(bytes);
});

it("a few bytes that unpack to more than is allowed are refused", async () => {
  const bomb = await packed(new Uint8Array(10_000_000));
  expect(bomb.length).toBeLessThan(20_000);
  await expect(unpacked(bomb, 1_000_000)).rejects.toThrow(/larger than they can be/);
});

it("what is no gzip is refused", async () => {
  await expect(unpacked("AAAA", 1000)).rejects.toThrow();
  await expect(unpacked("&", 1000)).rejects.toThrow();
});
