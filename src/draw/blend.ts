import type { Rgb } from "../core/lines";
import type { Coverage } from "./coverage";
import type { Area, Picture } from "./picture";

/** The lowest opacity that one byte tells from none. */
const LOWEST = 0.5 / 255;

/**
 * Writes one column of an area's pixels. `coverages` holds that of each head, one after another.
 *
 * Opacities add up, within a head and over the heads, until a pixel is opaque. Its colour is the mean of the heads'
 * colours weighted by their squared opacities, so that what is strong keeps its own colour among what is faint.
 */
export function writeColumn(
  { data, width }: Picture,
  area: Area,
  x: number,
  coverages: Coverage,
  colors: readonly Rgb[],
): void {
  const length = coverages.length / colors.length;
  const sums = new Float64Array(colors.length);
  const channels = Float64Array.from(colors.flat());
  for (let y = 0; y < area.height; y++) {
    let opacity = 0;
    let squares = 0;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let head = 0, entry = y, channel = 0; head < sums.length; head++, entry += length, channel += 3) {
      const sum = (sums[head] as number) + (coverages[entry] as number);
      const square = sum * sum * sum * sum;
      sums[head] = sum;
      opacity += sum;
      squares += square;
      red += square * (channels[channel] as number);
      green += square * (channels[channel + 1] as number);
      blue += square * (channels[channel + 2] as number);
    }
    if (opacity < LOWEST) continue;
    const pixel = ((area.y + y) * width + area.x + x) * 4;
    data[pixel] = red / squares;
    data[pixel + 1] = green / squares;
    data[pixel + 2] = blue / squares;
    data[pixel + 3] = 255 * opacity;
  }
}
