import { signedColor } from "../../core/look/colors";
import type { Rgb } from "../../core/look/line-geometry";
import { tag } from "../../core/look/markup";
import type { Ends, LineStrength } from "../../draw/lines/strength";
import { strengthOf } from "../../draw/neuron";
import { strengthName, strengthTexts } from "../../views/head/line-strength";
import { scaleName, tickNumbers } from "../../views/heat/color-legend";
import type { Scene } from "../../views/scene/scene";
import { heatScale, type ScaleEnd } from "../../views/scene/weight-scale";
import { textWidth } from "../paper/letters";
import { hex, type MarkedPart, rectAt, textAt } from "../paper/marks";
import type { Style } from "../paper/style";

const STROKE = 18;
/** The size of a strip of colours. */
const RAMP = { width: 180, height: 10, steps: 60 };
/** The ends of the legend of signed values. Larger values look nearly the same. */
const END = 8;

/** How strong the lines of some weights are. */
export function strengthLegend(strength: LineStrength, ends: Ends, style: Style): MarkedPart {
  const words = { size: 11, fill: style.quiet };
  const marks: string[] = [];
  let x = 0;
  const say = (text: string, gap: number) => {
    marks.push(textAt(x, 8, text, words));
    x += textWidth(text, 11) + gap;
  };
  say("weight", 8);
  for (const { text, opacity } of strengthTexts(strength, ends)) {
    const line = { x1: x, y1: 8, x2: x + STROKE, y2: 8, stroke: style.text, "stroke-width": 1.8 };
    marks.push(tag("line", { ...line, "stroke-opacity": opacity < 1 ? opacity.toFixed(4) : undefined }));
    x += STROKE + 4;
    say(text, 12);
  }
  say(strengthName(strength), 0);
  return { marks: marks.join("\n"), width: x, height: 16 };
}

export interface LegendText {
  /** A name for the numbers. */
  readonly quantity: string;
  /** Whether cells are masked. */
  readonly isMasked?: boolean;
}

/** The colours of weights with their quantity, and the weights at their ends and in the middle. */
export function heatLegend(
  scene: Scene,
  { quantity, isMasked = false }: LegendText,
  top: ScaleEnd,
  style: Style,
): MarkedPart {
  const { scale } = heatScale(scene);
  const table = scene.heat.value;
  const colorAt = (part: number): Rgb => {
    const entry = 3 * Math.round(255 * part);
    return [table[entry] as number, table[entry + 1] as number, table[entry + 2] as number];
  };
  const name = `${quantity}, ${scaleName(scale, top)}`;
  const ramp = rampMarks(tickNumbers(scale, top), colorAt, style);
  const x = RAMP.width + 10;
  const words = { size: 11, fill: style.quiet };
  const masked = isMasked
    ? rectAt(x, RAMP.height + 4, 10, 10, { fill: "#808080", "fill-opacity": 0.15 }) +
      textAt(x + 15, RAMP.height + 9, "masked", words)
    : "";
  return { marks: `${ramp}\n${textAt(x, 5, name, words)}${masked}`, width: x + textWidth(name, 11), height: 28 };
}

/** The colours of signed values. */
export function signedLegend(style: Style): MarkedPart {
  const colorAt = (part: number) => signedColor(strengthOf(END * (2 * part - 1)), style.dark);
  const name = "values of q, k and q × k";
  const marks = rampMarks([`−${END}`, "0", `+${END}`], colorAt, style);
  const x = RAMP.width + 10;
  return {
    marks: `${marks}\n${textAt(x, 5, name, { size: 11, fill: style.quiet })}`,
    width: x + textWidth(name, 11),
    height: 28,
  };
}

function rampMarks(numbers: readonly [string, string, string], colorAt: (part: number) => Rgb, style: Style): string {
  const { width, height, steps } = RAMP;
  const step = width / steps;
  const strips = Array.from({ length: steps }, (_, at) =>
    // Each strip reaches under the next, so that no seam shows.
    rectAt(at * step, 0, at === steps - 1 ? step : step + 0.5, height, { fill: hex(colorAt(at / (steps - 1))) }),
  );
  const look = { size: 11, fill: style.text };
  return [
    ...strips,
    rectAt(0, 0, width, height, { fill: "none", stroke: style.border }),
    textAt(0, height + 9, numbers[0], look),
    textAt(width / 2, height + 9, numbers[1], { ...look, anchor: "middle" }),
    textAt(width, height + 9, numbers[2], { ...look, anchor: "end" }),
  ].join("");
}
