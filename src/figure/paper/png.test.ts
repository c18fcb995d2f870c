import { unzlibSync } from "fflate";
import { expect, it } from "vitest";
import { blankPixels, encodePng, pngAddress } from "./png";

/** The chunks of a PNG by name. */
function chunksOf(png: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(png.buffer, png.byteOffset);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    chunks.set(name, png.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return chunks;
}

it("a PNG holds its pixels, row by row", () => {
  const pixels = blankPixels(2, 2);
  pixels.data.set([255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 64, 1, 2, 3, 4]);
  const chunks = chunksOf(encodePng(pixels));
  expect([...chunks.keys()]).toEqual(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
  expect([...(chunks.get("IHDR") as Uint8Array)]).toEqual([0, 0, 0, 2, 0, 0, 0, 2, 8, 3, 0, 0, 0]);
  expect([...(chunks.get("PLTE") as Uint8Array)]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3]);
  expect([...(chunks.get("tRNS") as Uint8Array)]).toEqual([255, 128, 64, 4]);
  expect([...unzlibSync(chunks.get("IDAT") as Uint8Array)]).toEqual([0, 0, 1, 0, 2, 3]);
});

it("a PNG of many colours holds them pixel by pixel", () => {
  const pixels = blankPixels(300, 1);
  for (let at = 0; at < 300; at++) pixels.data.set([at & 255, at >> 8, 7, 255], 4 * at);
  const chunks = chunksOf(encodePng(pixels));
  expect([...chunks.keys()]).toEqual(["IHDR", "IDAT", "IEND"]);
  const rows = unzlibSync(chunks.get("IDAT") as Uint8Array);
  expect([...rows.subarray(1)]).toEqual([...pixels.data]);
});

it("the checksum of the last chunk is that of every PNG", () => {
  expect([...encodePng(blankPixels(1, 1)).subarray(-4)]).toEqual([0xae, 0x42, 0x60, 0x82]);
});

it.each([1, 2, 3, 4])("the address of %i pixels is the PNG in base64", (width) => {
  const pixels = blankPixels(width, 1);
  const [, text] = pngAddress(pixels).split(",");
  expect(text).toBe(Buffer.from(encodePng(pixels)).toString("base64"));
});
