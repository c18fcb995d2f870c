import type { Locator } from "playwright-core";

/**
 * The rows of a causal heat map's pixels, each a text with a `1` for a pixel that shows a weight. The top right corner,
 * `side` pixels wide and high, must be masked: its hatching shows no weights, nor do its colours elsewhere.
 */
export function weightPixels(canvas: Locator, side: number): Promise<readonly string[]> {
  return canvas.evaluate((element, corner) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = (element as HTMLCanvasElement).getContext("2d") as CanvasRenderingContext2D;
    const colors = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    const ground = new Set([0]);
    for (let y = 0; y < corner; y++) {
      for (let x = width - corner; x < width; x++) ground.add(colors[y * width + x] as number);
    }
    return Array.from({ length: height }, (_, y) =>
      Array.from(colors.subarray(y * width, (y + 1) * width), (color) => (ground.has(color) ? "0" : "1")).join(""),
    );
  }, side);
}
