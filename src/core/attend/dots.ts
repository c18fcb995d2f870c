/**
 * Writes the dot products of up to four queries with the keys from `low` up to `high`: `into[r][k]` is that of query
 * `first + r` and key `low + k`. Sums are taken in double precision.
 * Works on four queries and two keys at a time: each value that is read serves two products or more, and all eight sums
 * fit into the registers of a processor.
 */
export function dots(
  queries: Float32Array,
  first: number,
  count: number,
  keys: Float32Array,
  low: number,
  high: number,
  headDim: number,
  into: readonly Float64Array[],
): void {
  if (count === 4) {
    const paired = low + ((high - low) & ~1);
    eightDots(queries, first * headDim, keys, low * headDim, paired * headDim, headDim, into);
    if (paired === high) return;
    for (let row = 0; row < 4; row++) {
      const [q, k] = [(first + row) * headDim, paired * headDim];
      (into[row] as Float64Array)[paired - low] = dot(queries, q, keys, k, headDim);
    }
    return;
  }
  for (let row = 0; row < count; row++) {
    const [q, found] = [(first + row) * headDim, into[row] as Float64Array];
    for (let key = low; key < high; key++) found[key - low] = dot(queries, q, keys, key * headDim, headDim);
  }
}

function eightDots(
  queries: Float32Array,
  q0: number,
  keys: Float32Array,
  start: number,
  stop: number,
  headDim: number,
  into: readonly Float64Array[],
): void {
  const [into0, into1, into2, into3] = into as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [q1, q2, q3] = [q0 + headDim, q0 + 2 * headDim, q0 + 3 * headDim];
  for (let k = start, at = 0; k < stop; k += 2 * headDim, at += 2) {
    let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < headDim; i++) {
      const a = keys[k + i] as number;
      const b = keys[k + headDim + i] as number;
      const query0 = queries[q0 + i] as number;
      a0 += query0 * a;
      b0 += query0 * b;
      const query1 = queries[q1 + i] as number;
      a1 += query1 * a;
      b1 += query1 * b;
      const query2 = queries[q2 + i] as number;
      a2 += query2 * a;
      b2 += query2 * b;
      const query3 = queries[q3 + i] as number;
      a3 += query3 * a;
      b3 += query3 * b;
    }
    into0[at] = a0;
    into1[at] = a1;
    into2[at] = a2;
    into3[at] = a3;
    into0[at + 1] = b0;
    into1[at + 1] = b1;
    into2[at + 1] = b2;
    into3[at + 1] = b3;
  }
}

function dot(queries: Float32Array, q: number, keys: Float32Array, k: number, headDim: number): number {
  let sum = 0;
  for (let i = 0; i < headDim; i++) sum += (queries[q + i] as number) * (keys[k + i] as number);
  return sum;
}
