/**
 * Writes the dot products of up to four queries with the keys from `low` up to `high`: of query `first + r` and key
 * `low + k` to `into[r][k]`. Sums are taken in double precision.
 *
 * Four queries at a time: each value of a key is read once for all of them.
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
    fourDots(queries, first * headDim, keys, low * headDim, high * headDim, headDim, into);
    return;
  }
  for (let row = 0; row < count; row++) {
    oneDot(queries, (first + row) * headDim, keys, low * headDim, high * headDim, headDim, into[row] as Float64Array);
  }
}

function fourDots(
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
  for (let k = start, at = 0; k < stop; k += headDim, at++) {
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let i = 0; i < headDim; i++) {
      const key = keys[k + i] as number;
      sum0 += (queries[q0 + i] as number) * key;
      sum1 += (queries[q1 + i] as number) * key;
      sum2 += (queries[q2 + i] as number) * key;
      sum3 += (queries[q3 + i] as number) * key;
    }
    into0[at] = sum0;
    into1[at] = sum1;
    into2[at] = sum2;
    into3[at] = sum3;
  }
}

function oneDot(
  queries: Float32Array,
  q: number,
  keys: Float32Array,
  start: number,
  stop: number,
  headDim: number,
  into: Float64Array,
): void {
  for (let k = start, at = 0; k < stop; k += headDim, at++) {
    let sum = 0;
    for (let i = 0; i < headDim; i++) sum += (queries[q + i] as number) * (keys[k + i] as number);
    into[at] = sum;
  }
}
