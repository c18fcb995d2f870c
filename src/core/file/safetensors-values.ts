import { float16Table } from "../weights/codecs/tables";
import type { FileBytes } from "./file-bytes";
import { bytesPerValue, type Tensor, type TensorDtype } from "./safetensors";

/** A half-open range of a tensor's parts along its first axis. */
export type PartRange = readonly [start: number, stop: number];

/** The bytes of a tensor, or of some of its parts along the first axis. */
export function readBytes(
  file: FileBytes,
  { dtype, shape, start }: Tensor,
  [first, last]: PartRange,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const size = shape.slice(1).reduce((product, extent) => product * extent, bytesPerValue(dtype));
  return file.read(start + first * size, start + last * size, signal);
}

/** A tensor of F32, F16 or BF16, or some of its parts along the first axis, as float32. Callers must not modify it. */
export async function readFloats(
  file: FileBytes,
  tensor: Tensor,
  parts: PartRange,
  signal: AbortSignal,
): Promise<Float32Array> {
  return floatsOf(await readBytes(file, tensor, parts, signal), tensor.dtype);
}

/** A whole tensor of I32. Callers must not modify it. */
export async function readInts(file: FileBytes, tensor: Tensor, signal: AbortSignal): Promise<Int32Array> {
  const bytes = await readBytes(file, tensor, wholeOf(tensor), signal);
  const { buffer, byteOffset, byteLength } = aligned(bytes, 4);
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

export function wholeOf({ shape }: Tensor): PartRange {
  return [0, shape[0] ?? 1];
}

/** Values as float32; not copied if they are float32 already. */
export function floatsOf(bytes: Uint8Array, dtype: TensorDtype): Float32Array {
  const { buffer, byteOffset, byteLength } = aligned(bytes, bytesPerValue(dtype));
  if (dtype === "F32") return new Float32Array(buffer, byteOffset, byteLength / 4);
  const codes = new Uint16Array(buffer, byteOffset, byteLength / 2);
  return dtype === "BF16" ? ofBfloats(codes) : ofHalves(codes);
}

/** A typed array must begin at a multiple of its value size. Tensors do, but reads may begin anywhere. */
function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

/** A bfloat16 is the upper half of a float32. */
function ofBfloats(codes: Uint16Array): Float32Array {
  const bits = new Uint32Array(codes.length);
  for (let at = 0; at < codes.length; at++) bits[at] = (codes[at] as number) << 16;
  return new Float32Array(bits.buffer);
}

function ofHalves(codes: Uint16Array): Float32Array {
  const values = new Float32Array(codes.length);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    // The table is for weights and reads infinity as missing; here minus infinity is a bias that hides a key.
    values[at] = (code & 0x7fff) === 0x7c00 ? (code >> 15 ? -Infinity : Infinity) : (float16Table[code] as number);
  }
  return values;
}
