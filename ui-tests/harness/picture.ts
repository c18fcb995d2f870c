import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { BASELINES, RESULTS } from "./paths";

/** The fraction of a picture that may look different: another version of a font changes the edges of letters. */
const TOLERANCE = 0.002;

/** Two pictures side by side. */
export interface Difference {
  /** The fraction of pixels that look different, from 0 to 1; 1 for pictures of different sizes. */
  readonly share: number;
  /** The first picture, faint, with differences in red, as a PNG. */
  readonly picture: Buffer;
}

/**
 * Fails unless an element looks as in `ui-tests/baselines/NAME.png` once it stops moving. On failure,
 * `ui-tests/results` has NAME.png and NAME-difference.png. With UPDATE_BASELINES=1 the baseline is written instead.
 */
export async function expectPicture(target: Locator, name: string): Promise<void> {
  const path = join(BASELINES, `${name}.png`);
  if (process.env.UPDATE_BASELINES) {
    mkdirSync(BASELINES, { recursive: true });
    writeFileSync(path, await settled(target));
    return;
  }
  if (!existsSync(path)) throw new Error(`There is no baseline ${name}.png: make it with \`make baselines\`.`);
  const baseline = readFileSync(path);
  const shareOf = async () => {
    const actual = await take(target);
    if (actual.equals(baseline)) return 0;
    const { share, picture } = await comparePictures(target.page(), actual, baseline);
    if (share > TOLERANCE) {
      writeFileSync(join(RESULTS, `${name}.png`), actual);
      writeFileSync(join(RESULTS, `${name}-difference.png`), picture);
    }
    return share;
  };
  await expect
    .poll(shareOf, { timeout: 10_000, message: `${name} looks different: see ${name}-difference.png in the results` })
    .toBeLessThanOrEqual(TOLERANCE);
}

const take = (target: Locator) => target.screenshot({ animations: "disabled", caret: "hide", scale: "css" });

/** An element's picture, taken until two in a row are equal. */
async function settled(target: Locator): Promise<Buffer> {
  let before = await take(target);
  await expect
    .poll(async () => {
      const now = await take(target);
      const isSame = now.equals(before);
      before = now;
      return isSame;
    })
    .toBe(true);
  return before;
}

/**
 * Compares two PNGs in a page. A pixel counts as equal if its colour lies within the range of the other picture's pixel
 * and its neighbours, because edges of letters and lines may be antialiased differently or shifted by half a pixel.
 */
export async function comparePictures(page: Page, actual: Buffer, expected: Buffer): Promise<Difference> {
  const urls = [actual, expected].map((bytes) => `data:image/png;base64,${bytes.toString("base64")}`);
  const { share, picture } = await page.evaluate(compareInPage, urls);
  return { share, picture: Buffer.from(picture.slice(picture.indexOf(",") + 1), "base64") };
}

/** Runs in the page. */
async function compareInPage(urls: readonly string[]): Promise<{ share: number; picture: string }> {
  /** How far a channel may differ, of 255. */
  const limit = 16;
  const pixelsOf = async (url: string) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, width, height);
  };
  const [actual, expected] = (await Promise.all(urls.map(pixelsOf))) as [ImageData, ImageData];
  const { width, height } = actual;
  const isWithin = (one: ImageData, other: ImageData, x: number, y: number, channel: number) => {
    let [least, most] = [255, 0];
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        const value = other.data[4 * (row * width + column) + channel] as number;
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }
    const value = one.data[4 * (y * width + x) + channel] as number;
    return value >= least - limit && value <= most + limit;
  };
  const isSame = (x: number, y: number) =>
    [0, 1, 2].every(
      (channel) => isWithin(actual, expected, x, y, channel) && isWithin(expected, actual, x, y, channel),
    );

  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.putImageData(actual, 0, 0);
  context.fillStyle = "rgb(255 255 255 / 75%)";
  context.fillRect(0, 0, width, height);
  if (width !== expected.width || height !== expected.height) return { share: 1, picture: canvas.toDataURL() };
  context.fillStyle = "red";
  let different = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (isSame(x, y)) continue;
      different++;
      context.fillRect(x, y, 1, 1);
    }
  }
  return { share: different / (width * height), picture: canvas.toDataURL() };
}
