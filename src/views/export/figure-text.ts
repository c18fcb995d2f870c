import type { ViewKind } from "../../contract.gen";
import { css, headColor, inkOn } from "../../core/look/colors";
import { layerName } from "../../core/look/layer-name";
import type { FigureText } from "../../core/look/picture-export";
import { attentionOptions } from "../../core/state/sentence-pair";
import { paintOf } from "../../dom/svg/color";
import { tokenText } from "../../dom/token";
import { aidsNote } from "../scene/aids-note";
import type { Scene } from "../scene/scene";

/** The most heads that colours can tell apart. */
const MAX_KEYS = 64;

/** The text above and below a picture of the view: what it shows, the colours of the heads, and the active aids. */
export function figureText(scene: Scene, view: ViewKind): FigureText {
  const hasLayer = view !== "model" || scene.context.options.detail.value;
  const heads = hasLayer ? scene.heads.value : [];
  const numHeads = scene.numHeads.value;
  const hasKeys = heads.length > 1 && heads.length <= MAX_KEYS;
  const place = hasLayer
    ? [`layer ${layerName(scene.wholeMap.value, scene.layer.value)}`, headsText(heads, hasKeys)]
    : [gridText(scene)];
  return {
    title: [scene.context.name.value, mapText(scene), ...place].filter(Boolean).join(", "),
    keys: hasKeys ? heads.map((head) => key(head, headColor(head, numHeads, scene.dark.value))) : [],
    caption: [pinText(scene), aidsNote(scene.context.options.aids, scene.wholeMap.value)].filter(Boolean).join("; "),
  };
}

function key(head: number, color: Parameters<typeof css>[0]): FigureText["keys"][number] {
  return { text: String(head), color: paintOf(css(color))?.color ?? "", ink: inkOn(color) };
}

function headsText(heads: readonly number[], hasKeys: boolean): string {
  if (heads.length === 1) return `head ${heads[0]}`;
  return hasKeys ? "heads" : `${heads.length} heads`;
}

function gridText({ layers }: Scene): string {
  return `${layers.value.length} ${layers.value.length === 1 ? "layer" : "layers"}`;
}

/** Names the attention map and the sentences of a pair. */
function mapText({ context, description }: Scene): string {
  const { maps, selection } = context;
  if (!description.value) return "";
  const pair = selection.pair.value;
  const [first] = attentionOptions([description.value]);
  const chosen = attentionOptions([description.value]).find((option) => option.pair === pair) ?? first;
  const sentences = pair === "all" ? "" : (chosen?.label ?? "");
  return [maps.value.length > 1 ? `${description.value.label} attention` : "self-attention", sentences]
    .filter(Boolean)
    .join(", ");
}

function pinText({ tokens, description }: Scene): string {
  const { query, key } = tokens;
  const text = (name: string, token: string | undefined) => {
    if (token === undefined) return "";
    const { lead, text } = tokenText(token);
    return `${name} “${lead}${text}”`;
  };
  const pins = [
    text("query", description.value?.query_tokens[query.value ?? -1]),
    text("key", description.value?.key_tokens[key.value ?? -1]),
  ];
  return pins.filter(Boolean).join(", ");
}

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
