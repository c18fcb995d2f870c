import { LOG_FLOOR, type Scale, scaled } from "../../core/look/colors";
import { MAX_ROW_HEIGHT, type TokenLayout } from "../../core/look/token-layout";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { DrawnHead } from "./plan";

/** How weights become opacities of lines. */
export interface StrengthRule {
  readonly scale: Scale;
  /** See the option `gain`. */
  readonly gain: number | null;
  /** Keys that do not set the scale. */
  readonly sinks: readonly number[];
}

/** The query and the key to which the drawn lines are limited; null: all. */
export interface Ends {
  readonly query: number | null;
  readonly key: number | null;
}

/** The strengths of the lines of some heads. */
export interface LineStrength<H extends DrawnHead = DrawnHead> {
  /** The heads with strengths in place of weights; with the weights themselves if that differs by a factor alone. */
  readonly heads: readonly H[];
  readonly rule: StrengthRule;
  /** The weight of strength 1. */
  readonly end: number;
  /** Whether any line has a larger weight. */
  readonly isExceeded: boolean;
  /** The opacity of a line of strength 1. */
  opacity(ends: Ends): number;
  /** The opacity of a line per unit of what `heads` hold. */
  factor(ends: Ends): number;
}

/** Half the width of a line in CSS pixels, in rows of the largest height. */
export const HALF_WIDTH = 0.9;

/** Lines that are as strong as their scale allows may cover this part of a column of pixels together. */
const INK = 0.4;

/**
 * With a gain, a line's opacity is its strength times the gain, divided by the number of heads, since lines of many
 * heads lie on each other. Without one, the strongest line that is shown is opaque, unless so much ink would cover the
 * picture that single lines could not be told apart.
 */
export function strengthOf<H extends DrawnHead>(
  heads: readonly H[],
  layout: TokenLayout,
  rule: StrengthRule,
): LineStrength<H> {
  const shown = { queries: shownRows(layout.queryY), keys: shownRows(layout.keyY) };
  const { end, isExceeded } = rule.gain === null ? endOf(heads, shown, rule.sinks) : { end: 1, isExceeded: false };
  const isLinear = rule.scale === "linear";
  const strong = isLinear ? heads : scaledHeads(heads, rule.scale, end);
  const unit = isLinear ? 1 / end : 1;
  const width = 2 * HALF_WIDTH * Math.sqrt(layout.rowHeight / MAX_ROW_HEIGHT);
  let known: (Ends & { readonly total: number }) | undefined;
  const opacity = ({ query, key }: Ends) => {
    // The few lines of one token hardly overlap, so they may be stronger than those of all.
    const least = query === null && key === null ? 1 / heads.length : 1 / Math.sqrt(heads.length);
    if (rule.gain !== null) return rule.gain * least;
    // Never fainter than with a gain of 1.
    const rows = query === null ? shown.queries : [query];
    // Lines, numbers and legend ask for the same ends one after another.
    if (known?.query !== query || known.key !== key) {
      known = { query, key, total: unit * totalOf(strong, rows, key === null ? shown.keys : [key]) };
    }
    return Math.min(1, Math.max(least * end, (INK * layout.height) / (width * known.total)));
  };
  return { heads: strong, rule, end, isExceeded, opacity, factor: (ends) => unit * opacity(ends) };
}

interface Shown {
  readonly queries: readonly number[];
  readonly keys: readonly number[];
}

function shownRows(y: Float32Array): readonly number[] {
  return [...y.keys()].filter((row) => Number.isFinite(y[row]));
}

/** The largest weight beside sinks; that of all keys if the others have none, and 1 if there is no weight. */
function endOf(heads: readonly DrawnHead[], { queries, keys }: Shown, sinks: readonly number[]) {
  const isSink = new Set(sinks);
  let [all, others] = [0, 0];
  eachEntry(heads, queries, keys, (weight, key) => {
    if (weight > all) all = weight;
    if (weight > others && !isSink.has(key)) others = weight;
  });
  return { end: others || all || 1, isExceeded: others > 0 && others < all };
}

/** The sum of the positive entries between some queries and keys. */
function totalOf(heads: readonly DrawnHead[], queries: readonly number[], keys: readonly number[]): number {
  let total = 0;
  eachEntry(heads, queries, keys, (strength) => {
    if (strength > 0) total += strength;
  });
  return total;
}

function eachEntry(
  heads: readonly DrawnHead[],
  queries: readonly number[],
  keys: readonly number[],
  see: (entry: number, key: number) => void,
): void {
  for (const { weights } of heads) {
    const { codes, table, numKeys } = weights;
    for (const query of queries) {
      for (const key of keys) see(table[codes[query * numKeys + key] as number] as number, key);
    }
  }
}

/** Heads of a layer share tables, so each table is scaled once. */
export function scaledHeads<H extends DrawnHead>(heads: readonly H[], scale: Scale, end: number): readonly H[] {
  const scaleOnce = scaler(scale, end);
  return heads.map((head) => ({ ...head, weights: scaleOnce(head.weights) }));
}

/** Puts strengths in place of weights; what is missing stays missing. */
export function scaler(scale: Scale, end = 1): (weights: HeadWeights) => HeadWeights {
  const done = new Map<Float32Array, Float32Array>();
  return (weights) => {
    if (scale === "linear" && end === 1) return weights;
    const table = done.get(weights.table) ?? weights.table.map((weight) => scaled(weight / end, scale));
    done.set(weights.table, table);
    return { ...weights, table };
  };
}

/** A weight and the opacity of its line. */
export interface StrengthTick {
  readonly weight: number;
  readonly opacity: number;
}

const TICKS = 4;

/**
 * Some weights and their opacities for a legend, in ascending order: round ones, and last the smallest weight of the
 * strongest opacity.
 */
export function strengthTicks(strength: LineStrength, ends: Ends): readonly StrengthTick[] {
  const { rule, end } = strength;
  const opacity = strength.opacity(ends);
  const last = end * (opacity > 1 ? unscaled(1 / opacity, rule.scale) : 1);
  const tick = (weight: number) => ({ weight, opacity: Math.min(1, opacity * scaled(weight / end, rule.scale)) });
  return [...roundBelow(last, TICKS - 1, rule.scale === "log"), last].map(tick);
}

/** The weight, as a part of the largest, at a place of the scale. */
function unscaled(place: number, scale: Scale): number {
  if (scale === "linear") return place;
  return scale === "sqrt" ? place * place : LOG_FLOOR ** (1 - place);
}

/** The largest round numbers clearly below a weight: 1, 2 or 5 of a decade, or decades alone. */
function roundBelow(weight: number, count: number, isByDecades: boolean): number[] {
  const found: number[] = [];
  const decade = Math.floor(Math.log10(weight));
  for (let power = decade; power > decade - 4; power--) {
    for (const digit of isByDecades ? [1] : [5, 2, 1]) {
      const round = Number(`${digit}e${power}`);
      if (round <= 0.7 * weight && found.length < count) found.unshift(round);
    }
  }
  return found;
}
