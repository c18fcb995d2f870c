import type { ViewKind } from "../../contract.gen";
import type { Scene } from "../scene/scene";

/** A file name for this view: model, view, layer, heads. */
export function fileName(scene: Scene, view: ViewKind, ending: string): string {
  const heads = scene.heads.value;
  const isSome = heads.length < scene.numHeads.value && heads.length <= 4;
  const place = [`layer-${scene.layer.value}`, isSome ? `head-${heads.join("-")}` : ""];
  const hasLayer = view !== "model" || scene.context.options.detail.value;
  const parts = [scene.context.name.value, view, ...(hasLayer ? place : [])];
  return `${parts.map(plain).filter(Boolean).join("-")}.${ending}`;
}

/** Keeps letters and digits, which every file system accepts. */
function plain(text: string): string {
  return text
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, 60);
}
