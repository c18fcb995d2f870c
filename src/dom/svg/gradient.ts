import { type Paint, paintOf } from "./color";

/**
 * A stretch of a gradient from one position to another, both from 0 to 1. It has one colour, or fades from one to the
 * next.
 */
export interface GradientLine {
  readonly from: number;
  readonly to: number;
  readonly start: Paint | null;
  readonly end: Paint | null;
}

export interface Gradient {
  /** Along x if true, along y otherwise. */
  readonly across: boolean;
  readonly stretches: readonly GradientLine[];
}

interface GradientStop {
  readonly color: string;
  at: number | null;
}

/**
 * Reads a computed CSS linear gradient along one of the axes; null for other images. `size` gives the length of its
 * line in pixels.
 */
export function gradientOf(image: string, size: (across: boolean) => number): Gradient | null {
  const [, inside] = /^linear-gradient\((.*)\)$/s.exec(image) ?? [];
  if (inside === undefined) return null;
  const parts = splitByCommas(inside);
  const [first = ""] = parts;
  const angle = angleOf(first);
  if (angle !== null) parts.shift();
  const turned = ((angle ?? 180) + 360) % 360;
  if (turned % 90 !== 0) return null;
  const across = turned % 180 === 90;
  const stretches = between(placed(parts.flatMap((part) => stopsOf(part, size(across)))));
  return { across, stretches: turned === 0 || turned === 270 ? stretches.map(mirrored).reverse() : stretches };
}

function angleOf(text: string): number | null {
  const side = { "to top": 0, "to right": 90, "to bottom": 180, "to left": 270 }[text];
  if (side !== undefined) return side;
  return text.endsWith("deg") ? Number.parseFloat(text) : null;
}

/** A colour with no, one or two positions. */
function stopsOf(text: string, length: number): GradientStop[] {
  const places = /((?:\s+-?[\d.e-]+(?:px|%))*)$/.exec(text)?.[1] ?? "";
  const color = text.slice(0, text.length - places.length).trim();
  const at = places
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map((place) => placeOf(place, length));
  return at.length === 0 ? [{ color, at: null }] : at.map((one) => ({ color, at: one }));
}

function placeOf(place: string, length: number): number {
  const value = Number.parseFloat(place);
  return place.endsWith("%") ? value / 100 : value / Math.max(1, length);
}

/** Gives every stop a position. None comes before the previous one, and stops without a position are spaced evenly. */
function placed(stops: readonly GradientStop[]): readonly { color: string; at: number }[] {
  const found = stops.map(({ color, at }, index) => ({
    color,
    at: at ?? (index === 0 ? 0 : index === stops.length - 1 ? 1 : null),
  }));
  let last = 0;
  found.forEach((stop, index) => {
    if (stop.at === null) {
      const next = found.findIndex((other, place) => place > index && other.at !== null);
      stop.at = last + ((found[next]?.at ?? 1) - last) / (next - index + 1);
    }
    last = Math.max(last, stop.at);
    stop.at = last;
  });
  return found as { color: string; at: number }[];
}

function between(stops: readonly { color: string; at: number }[]): GradientLine[] {
  return stops.slice(1).flatMap((stop, index) => {
    const before = stops[index] as { color: string; at: number };
    const [from, to] = [Math.min(1, before.at), Math.min(1, stop.at)];
    return to > from ? [{ from, to, start: paintOf(before.color), end: paintOf(stop.color) }] : [];
  });
}

function mirrored({ from, to, start, end }: GradientLine): GradientLine {
  return { from: 1 - to, to: 1 - from, start: end, end: start };
}

/** Splits at commas outside parentheses. */
export function splitByCommas(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index <= text.length; index++) {
    const letter = text[index];
    if (letter === "(") depth++;
    if (letter === ")") depth--;
    if (index === text.length || (letter === "," && depth === 0)) {
      parts.push(text.slice(start, index).trim());
      start = index + 1;
    }
  }
  return parts;
}
