import { bytesPerValue, type TensorDtype } from "../src/core/file/safetensors";

/** A tensor that a test writes; byte values are written unchanged. */
export interface Written {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array | Uint16Array;
}

export const f32 = (shape: readonly number[], values: Float32Array | readonly number[]): Written => ({
  dtype: "F32",
  shape,
  values: Float32Array.from(values),
});

export const i32 = (values: readonly number[]): Written => ({
  dtype: "I32",
  shape: [values.length],
  values: Int32Array.from(values),
});

export const u8 = (shape: readonly number[], values: readonly number[]): Written => ({
  dtype: "U8",
  shape,
  values: Uint8Array.from(values),
});

/** A file of tensors in the given order, each at a multiple of 8 bytes as `capture.save` writes them. */
export function safetensorsFile(
  tensors: Readonly<Record<string, Written>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: [name: string, entry: unknown][] = [["__metadata__", metadata]];
  const parts: { at: number; bytes: Uint8Array }[] = [];
  let at = 0;
  for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const size = shape.reduce((product, extent) => product * extent, bytesPerValue(dtype));
    if (size !== bytes.length) throw new Error(`${name} has ${bytes.length} bytes for a shape of ${size}.`);
    parts.push({ at, bytes });
    header.push([name, { dtype, shape, data_offsets: [at, at + size] }]);
    at += size;
    const padding = -at & 7;
    const filled = { dtype: "U8", shape: [padding], data_offsets: [at, at + padding] };
    if (padding) header.push([`padding.${at}`, filled]);
    at += padding;
  }
  const file = framed(JSON.stringify(Object.fromEntries(header)), at);
  for (const part of parts) file.set(part.bytes, file.length - at + part.at);
  return file;
}

/** A file with the given text as its header, followed by `dataBytes` bytes of data. */
export function framed(text: string, dataBytes: number): Uint8Array {
  const header = new TextEncoder().encode(text);
  const length = header.length + (-header.length & 7);
  const file = new Uint8Array(8 + length + dataBytes);
  file.fill(0x20, 8, 8 + length);
  file.set(header, 8);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  return file;
}
