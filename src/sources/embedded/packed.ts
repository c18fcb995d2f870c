import type { BlockKind } from "../../contract.gen";

/** Holds the packed weights of a page or of a snapshot. */
export interface Carrier {
  /** The layer's frames as gzip in base64, with at least these heads. Rejects with a message for users. */
  text(kind: BlockKind | "vectors", map: string, layer: number, heads: readonly number[]): Promise<string>;
  /** Whether it holds these heads of a layer; parts of a page that have not arrived yet count as missing. */
  has(kind: BlockKind | "vectors", map: string, layer: number, heads: readonly number[]): boolean;
  /** The largest size of an unpacked layer. */
  readonly maxBytes: number;
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  // A loop, because `Uint8Array.from` with a function takes ten times as long.
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** So many packed bytes are unpacked at a time. Deflate makes at most 1,032 bytes of each. */
const PIECE = 4096;

/** Gives bytes in pieces, each when it is asked for. */
export function inPieces(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (at >= bytes.length) controller.close();
        else controller.enqueue(bytes.subarray(at, at + PIECE));
        at += PIECE;
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * Unpacks gzip in base64. Rejects data that would take more than `maxBytes`, because a few bytes can unpack to any
 * number of them: no more than a piece is unpacked beyond that.
 */
export async function unpacked(base64: string, maxBytes: number): Promise<ArrayBuffer> {
  const packed = bytesOf(base64);
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new Error("These weights are larger than they can be.");
      controller.enqueue(chunk);
    },
  });
  const stream = inPieces(packed).pipeThrough(new DecompressionStream("gzip")).pipeThrough(counted);
  return new Response(stream).arrayBuffer();
}

/** Packs bytes as gzip in base64. */
export async function packed(frames: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new Blob([frames]).stream().pipeThrough(new CompressionStream("gzip"));
  return base64Of(await new Response(stream).arrayBuffer());
}

/**
 * The bytes per call: few enough arguments for every browser, and a multiple of 3, so that the pieces can be joined.
 */
const STEP = 3 * 8192;

export function base64Of(buffer: ArrayBuffer): string {
  let text = "";
  for (let at = 0; at < buffer.byteLength; at += STEP) {
    const bytes = new Uint8Array(buffer, at, Math.min(STEP, buffer.byteLength - at));
    text += btoa(String.fromCharCode(...bytes));
  }
  return text;
}
