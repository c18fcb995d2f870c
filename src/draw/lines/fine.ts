import type { LineGeometry } from "../../core/look/line-geometry";
import type { PixelArea } from "../../core/look/pixel-buffer";
import { addEdges, type Coverage } from "./coverage";
import { curveAt } from "./curve";
import type { Edges } from "./edges";
import { addHaze } from "./haze";
import type { Pixels } from "./pixels";
import type { DrawnHead, Plan } from "./plan";
import { Planes } from "./planes";
import { samplesFor } from "./samples";

/** Haze is smooth, so two columns share it. */
const GRAIN = { columns: 2, rows: 1 };

/** Draws lines with a separate colour for every pixel, and with as many samples of steep lines as the effort allows. */
export function drawFinely(
  pixels: Pixels,
  area: PixelArea,
  heads: readonly DrawnHead[],
  { edges, haze }: Plan,
  geometry: LineGeometry,
  halfWidth: number,
  effort: number,
): void {
  const { left, right } = geometry;
  const rows = { top: 0, bottom: area.height };
  const planes = new Planes(heads, area.height + 2);
  const flat = new Float64Array(area.height + 2);
  const colors = new Uint32Array(area.height);
  const strong = edges.map((head) => head.strong);
  const faint = edges.map((head) => head.faint);
  const strongSamples = samplesFor(strong, right - left, effort);
  const faintSamples = samplesFor(faint, right - left, effort / 4);
  const first = Math.max(0, Math.floor(left));
  for (let x = first; x < Math.min(area.width, Math.ceil(right)); x++) {
    const [start, stop] = [Math.max(x, left), Math.min(x + 1, right)];
    if ((x - first) % GRAIN.columns === 0) {
      const point = curveAt(Math.min(x + GRAIN.columns / 2, right), geometry);
      haze?.heads.forEach((one, head) => {
        addHaze((planes.hazes[head] as Coverage).fill(0), one, point, halfWidth, GRAIN);
      });
    }
    planes.start(0, area.height + 2);
    planes.heads.forEach((head, index) => {
      addSamples(head, strong[index] as Edges, geometry, start, stop, halfWidth, strongSamples);
      addSamples(head, faint[index] as Edges, geometry, start, stop, halfWidth, faintSamples);
    });
    planes.mix(colors, 0, area.height);
    pixels.write(x, rows, planes.total(), flat, colors, 0, stop - start);
  }
}

function addSamples(
  coverage: Coverage,
  edges: Edges,
  geometry: LineGeometry,
  start: number,
  stop: number,
  halfWidth: number,
  samples: number,
): void {
  for (let sample = 0; sample < samples; sample++) {
    const point = curveAt(start + ((sample + 0.5) / samples) * (stop - start), geometry);
    addEdges(coverage, edges, point, halfWidth, 1 / samples);
  }
}
