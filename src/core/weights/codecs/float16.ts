const VALUE = new Float32Array(1);
const BITS = new Uint32Array(VALUE.buffer);

/** The half-precision code of the nearest value, ties to even; the code of NaN for missing values. */
export function float16Of(value: number): number {
  if (!Number.isFinite(value)) return 0x7e00;
  VALUE[0] = Math.min(65504, Math.max(-65504, value));
  const bits = BITS[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // Below 2 ** -14, half precision has steps of 2 ** -24.
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(VALUE[0]) * 2 ** 24);
  return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return floor + Number(rest > 0.5 || (rest === 0.5 && floor % 2 === 1));
}
