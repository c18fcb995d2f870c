import type { HeadRule } from "../../contract.gen";
import type { Chain } from "../../core/attend/chain";
import { formatWeight } from "../../core/look/format";
import type { HeadVectors } from "../../core/weights/vectors";

/** One step of the chain as a column of numbers. */
export interface ChainColumn {
  readonly name: "dot" | "scaled" | "capped" | "bias" | "mask" | "score" | "softmax";
  readonly title: string;
  /** Explains the title in one sentence. */
  readonly meaning: string;
  /** In CSS pixels. */
  readonly width: number;
  readonly valueAt: (chain: Chain, key: number) => number;
  /** `signed`: from the middle, relative to the largest in the row. `share`: from the left, relative to 1. */
  readonly bar?: "signed" | "share";
}

const NARROW = 58;

/** The steps of a head, in order. */
export function chainStepsOf(rule: HeadRule, { bias, hidden }: HeadVectors): readonly ChainColumn[] {
  const all: (ChainColumn | false)[] = [
    {
      name: "dot",
      title: "q · k",
      meaning: "The sum of the products over all dimensions",
      width: 100,
      valueAt: ({ dots }, key) => dots[key] as number,
      bar: "signed",
    },
    rule.scaling !== 1 && {
      name: "scaled",
      title: `× ${constant(rule.scaling)}`,
      meaning: "q · k times the layer's scaling",
      width: NARROW,
      valueAt: ({ scaled }, key) => scaled[key] as number,
    },
    rule.softcap !== null && {
      name: "capped",
      title: `cap ${constant(rule.softcap)}`,
      meaning: "The softcap c: c tanh(x / c)",
      width: NARROW,
      valueAt: ({ capped }, key) => (capped as Float64Array)[key] as number,
    },
    bias !== null && {
      name: "bias",
      title: "+ bias",
      meaning: "The layer's position bias",
      width: NARROW,
      valueAt: (chain, key) => (chain.bias as Float32Array)[key] as number,
    },
    hidden !== null && {
      name: "mask",
      title: "mask",
      meaning: "Minus infinity where the query may not see the key",
      width: 42,
      valueAt: (chain, key) => ((chain.hidden as Uint8Array)[key] ? Number.NEGATIVE_INFINITY : 0),
    },
    {
      name: "score",
      title: "score",
      meaning: "What goes into the softmax",
      width: NARROW,
      valueAt: ({ scores }, key) => scores[key] as number,
    },
    {
      name: "softmax",
      title: "softmax",
      meaning: "The weight: the exponential of the score, divided by the sum of all",
      width: 92,
      valueAt: ({ softmax }, key) => softmax[key] as number,
      bar: "share",
    },
  ];
  return all.filter((column): column is ChainColumn => column !== false);
}

/** Three significant digits, with a true minus sign. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : value > 0 ? "∞" : "missing";
  return formatWeight(value).replace("-", "−");
}

/** Formats a constant of the model with at most three digits. */
function constant(value: number): string {
  return String(Number(value.toPrecision(3)));
}
