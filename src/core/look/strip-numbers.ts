/** The width of the strips of several heads beside a token, in CSS pixels: enough for two-digit numbers of 12 heads. */
export function stripsWidth(numHeads: number): number {
  return Math.max(56, Math.min(84, 6 * numHeads));
}

/** The number of a head over its strip. */
export interface StripNumber {
  readonly head: number;
  /** The middle of its strip, in pixels from the left end of all strips. */
  readonly x: number;
  /** 0 for the lower of two lines, 1 for the upper one. */
  readonly line: 0 | 1;
}

/** The width of a digit of a number, and the gap between numbers, in pixels. */
const [DIGIT, GAP] = [5, 1.5];

/**
 * The numbers over the strips of some heads, `width` pixels wide together: of all heads, in two lines if they are too
 * close for one, or of every 2nd, 4th, 8th ... head.
 */
export function stripNumbers(heads: readonly number[], width: number): readonly StripNumber[] {
  if (heads.length < 2) return [];
  const strip = width / heads.length;
  const needed = DIGIT * String(Math.max(...heads)).length + GAP;
  let [step, lines] = [1, 1];
  while (step * lines * strip < needed) [step, lines] = lines === 1 ? [step, 2] : [2 * step, 1];
  return heads
    .map((head, at) => ({ head, x: (at + 0.5) * strip, at }))
    .filter(({ at }) => at % step === 0)
    .map(({ head, x }, index) => ({ head, x, line: lines === 2 && index % 2 === 1 ? 1 : 0 }));
}
