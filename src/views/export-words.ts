import type { ViewKind } from "../contract.gen";
import { css, headColor, inkOn } from "../core/colors";
import { attentionOptions } from "../core/pair";
import type { Words } from "../core/printer";
import { paintOf } from "../dom/svg-color";
import { tokenText } from "../dom/token";
import { aidsNote } from "./aids";
import type { Scene } from "./scene";

/** More heads than these are not told apart by their colours. */
const MOST_KEYS = 64;

/** What stands above and below a picture of the view: what it shows, the heads' colours, and which aids are on. */
export function pictureWords(scene: Scene, view: ViewKind): Words {
  const hasLayer = view !== "model" || scene.context.options.detail.value;
  const heads = hasLayer ? scene.heads.value : [];
  const numHeads = scene.numHeads.value;
  const hasKeys = heads.length > 1 && heads.length <= MOST_KEYS;
  const place = hasLayer ? [`layer ${scene.layer.value}`, headsText(heads, hasKeys)] : [gridText(scene)];
  return {
    title: [scene.context.name.value, mapText(scene), ...place].filter(Boolean).join(", "),
    keys: hasKeys ? heads.map((head) => key(head, headColor(head, numHeads, scene.dark.value))) : [],
    caption: [pinText(scene), aidsNote(scene.context.options.aids, scene.whole.value)].filter(Boolean).join("; "),
  };
}

function key(head: number, color: Parameters<typeof css>[0]): Words["keys"][number] {
  return { text: String(head), color: paintOf(css(color))?.color ?? "", ink: inkOn(color) };
}

function headsText(heads: readonly number[], hasKeys: boolean): string {
  if (heads.length === 1) return `head ${heads[0]}`;
  return hasKeys ? "heads" : `${heads.length} heads`;
}

function gridText({ layers }: Scene): string {
  return `${layers.value.length} ${layers.value.length === 1 ? "layer" : "layers"}`;
}

/** Which attention map, and which sentences of a pair. */
function mapText({ context, info }: Scene): string {
  const { maps, selection } = context;
  if (!info.value) return "";
  const pair = selection.pair.value;
  const [first] = attentionOptions([info.value]);
  const chosen = attentionOptions([info.value]).find((option) => option.pair === pair) ?? first;
  const sentences = pair === "all" ? "" : (chosen?.label ?? "");
  return [maps.value.length > 1 ? `${info.value.label} attention` : "self-attention", sentences]
    .filter(Boolean)
    .join(", ");
}

function pinText({ tokens, info }: Scene): string {
  const { query, key } = tokens;
  const text = (name: string, token: string | undefined) => {
    if (token === undefined) return "";
    const { lead, text } = tokenText(token);
    return `${name} “${lead}${text}”`;
  };
  const pins = [
    text("query", info.value?.query_tokens[query.value ?? -1]),
    text("key", info.value?.key_tokens[key.value ?? -1]),
  ];
  return pins.filter(Boolean).join(", ");
}

/** A name for a file of this view: model, view, layer, heads. */
export function fileName(scene: Scene, view: ViewKind, ending: string): string {
  const heads = scene.heads.value;
  const isSome = heads.length < scene.numHeads.value && heads.length <= 4;
  const place = [`layer-${scene.layer.value}`, isSome ? `head-${heads.join("-")}` : ""];
  const hasLayer = view !== "model" || scene.context.options.detail.value;
  const parts = [scene.context.name.value, view, ...(hasLayer ? place : [])];
  return `${parts.map(plain).filter(Boolean).join("-")}.${ending}`;
}

/** Letters and figures, which every file system takes. */
function plain(text: string): string {
  return text
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, 60);
}
