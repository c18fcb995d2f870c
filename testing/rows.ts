import fc from "fast-check";
import type { HeadInputs } from "../src/core/attend/attend";

/** A head with generated queries and keys, the same for the same seed. */
export function headInputs(
  numQueries: number,
  numKeys: number,
  seed: number,
  isCausal: boolean,
  headDim = 4,
): HeadInputs {
  const vectors = (count: number, phase: number) =>
    Float32Array.from({ length: count * headDim }, (_, at) => 2 * Math.sin(1 + at * (phase + seed)));
  const stop = Int32Array.from({ length: numQueries }, (_, query) => Math.min(query + 1, numKeys));
  const visible = { numKeys, start: new Int32Array(numQueries), stop, shown: null, exceptions: null };
  return {
    ...{ numQueries, numKeys, headDim, scaling: 1, softcap: null, sink: null, biases: [] },
    queries: vectors(numQueries, 1),
    keys: vectors(numKeys, 4),
    visible: isCausal ? visible : null,
  };
}

/** Groups of one or more ranges, with gaps between them. */
export function randomGroups(size: number): fc.Arbitrary<number[][]> {
  const ends = fc.uniqueArray(fc.integer({ min: 0, max: size }), { minLength: 2, maxLength: 14 });
  return fc.tuple(ends, fc.array(fc.boolean(), { minLength: 7, maxLength: 7 })).map(([unsorted, joins]) => {
    const sorted = unsorted.sort((a, b) => a - b);
    const groups: number[][] = [];
    for (let at = 0; at + 1 < sorted.length; at += 2) {
      const range = sorted.slice(at, at + 2);
      if (joins[at / 2] && groups.length > 0) groups.at(-1)?.push(...range);
      else groups.push(range);
    }
    return groups;
  });
}

/** Runs work to its end at once. */
export function drain<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
