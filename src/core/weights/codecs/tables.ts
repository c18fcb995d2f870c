import type { Dtype } from "../../../contract.gen";
import { decimal16Table } from "./decimal16";

/** The value of a half-precision code. Infinities count as missing, because every weight is finite. */
function float16(code: number): number {
  const exponent = (code >> 10) & 31;
  const fraction = code & 1023;
  if (exponent === 31) return Number.NaN;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return code >> 15 ? -magnitude : magnitude;
}

/** The weight of each of the 65536 half-precision codes; NaN where missing. */
export const float16Table: Float32Array = Float32Array.from({ length: 65536 }, (_, code) => float16(code));

/** The weight of each of the 256 square-root codes; NaN where missing. */
export const sqrt8Table: Float32Array = Float32Array.from({ length: 256 }, (_, code) =>
  code === 255 ? Number.NaN : (code / 254) ** 2,
);

const TABLES: Readonly<Record<Dtype, Float32Array>> = {
  decimal16: decimal16Table,
  float16: float16Table,
  sqrt8: sqrt8Table,
};

export function tableOf(dtype: Dtype): Float32Array {
  return TABLES[dtype];
}
