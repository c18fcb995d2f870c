/**
 * The entry of `figure.js`, which draws figures in a JavaScript engine without a browser. The engine gets a figure as
 * JSON, says as JSON which weights are missing, and gets them as frames in the encoding of messages to pages.
 */
import { strFromU8 } from "fflate";
import { withComposed } from "../core/composed/composed-map";
import { HeadAssembler } from "../core/weights/assemble";
import { decodeBlocks, decodeFrames, headsOf } from "../core/weights/blocks";
import type { HeadWeights } from "../core/weights/head-weights";
import { decodeVectors } from "../core/weights/vector-frames";
import { joinVectors } from "../core/weights/vectors";
import { drawFigure } from "./draw-figure";
import { HeldWeights, type Need } from "./held";
import type { FigureCapture, FigureSpec } from "./spec";

/** V8 alone has no text decoder. */
class Utf8Decoder {
  decode(bytes: Uint8Array): string {
    return strFromU8(bytes);
  }
}

if (!("TextDecoder" in globalThis)) Object.assign(globalThis, { TextDecoder: Utf8Decoder });

/** One figure. Every method takes and returns texts and bytes, which pass between languages. */
export class FigureEngine {
  readonly #spec: FigureSpec;
  readonly #held = new HeldWeights();

  constructor(spec: string) {
    const given = JSON.parse(spec) as FigureSpec;
    const captures = given.captures.map((capture) => ({ ...capture, maps: withComposed(capture.maps) }));
    this.#spec = { ...given, captures };
  }

  /** The figure as `{"file": ...}`, or `{"needs": [...]}` while weights are missing. */
  draw(): string {
    const file = drawFigure(this.#spec, this.#held);
    return JSON.stringify(file ? { file } : { needs: this.#held.needs });
  }

  /** Answers a need with frames. */
  put(text: string, frames: ArrayBuffer): void {
    const need = JSON.parse(text) as Need;
    if (need.type === "vectors") {
      const { key_tokens } = this.#map(need.capture, need.request.map);
      this.#held.put<"vectors">(need, joinVectors(decodeVectors(frames), need.request, key_tokens.length));
    } else if (need.type === "request") {
      this.#held.put<"request">(
        need,
        wholeHeads(need, frames, this.#map(need.capture, need.request.map).query_tokens.length),
      );
    } else {
      const heads = decodeFrames(frames, ["excerpt", "tile"]).flatMap(headsOf);
      this.#held.put<"excerpt">(
        need as Extract<Need, { type: "excerpt" }>,
        heads.map(({ weights }) => weights),
      );
    }
  }

  #map(capture: number, name: string): FigureCapture["maps"][number] {
    const found = this.#spec.captures[capture]?.maps.find((map) => map.name === name);
    if (!found) throw new Error(`The figure has no attention map ${name}.`);
    return found;
  }
}

function wholeHeads(
  { request }: Extract<Need, { type: "request" }>,
  frames: ArrayBuffer,
  numQueries: number,
): readonly HeadWeights[] {
  const assembler = new HeadAssembler();
  const found = new Map<number, HeadWeights>();
  for (const block of decodeBlocks(frames)) {
    for (const { head, weights } of assembler.add(block, numQueries)) found.set(head, weights);
  }
  return request.heads.map((head) => {
    const weights = found.get(head);
    if (!weights) throw new Error(`The answer lacks head ${head}.`);
    return weights;
  });
}
