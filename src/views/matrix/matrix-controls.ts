import { computed } from "@preact/signals-core";
import type { Combine, PoolKind } from "../../contract.gen";
import { type Choice, choiceControl } from "../../dom/choice";
import { effectUntil } from "../../dom/until";
import { type KeyBinding, unpinKey } from "../frame/keys";
import { labelled } from "../frame/toolbar-controls";
import { heatControl } from "../heat/color-controls";
import { poolOf } from "../heat/heat-source";
import { matrixScene } from "../heat/matrix-scene";
import type { Scene } from "../scene/scene";
import { STEP, type Zoom } from "./zoom";

const COMBINE: readonly Choice[] = [
  { value: "each", label: "side by side" },
  { value: "mean", label: "mean" },
  { value: "sum", label: "sum" },
];

const POOL: readonly Choice[] = [
  { value: "max", label: "largest" },
  { value: "mean", label: "mean" },
];

/** The controls of heat maps in the toolbar: how several heads are shown, and how weights become colours. */
export function matrixControls(scene: Scene, signal: AbortSignal): HTMLElement[] {
  const { combine } = scene.context.options;
  const choose = (chosen: string) => {
    combine.value = chosen as Combine;
  };
  const select = choiceControl(
    "Show heads",
    computed(() => COMBINE),
    combine,
    choose,
    signal,
  );
  effectUntil(signal, () => {
    select.disabled = scene.heads.value.length < 2;
  });
  return [labelled("Show", select), poolControl(scene, signal), heatControl(scene, signal)];
}

/** Chooses how a bin pools its weights, if the map is drawn in bins. */
function poolControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const { pool } = scene.context.options;
  const { isLong, heads } = matrixScene(scene);
  const choose = (chosen: string) => {
    pool.value = chosen as PoolKind;
  };
  const shown = computed(() => poolOf(scene));
  const select = choiceControl(
    "Each cell shows",
    computed(() => POOL),
    shown,
    choose,
    signal,
  );
  const control = labelled("Each cell shows", select);
  effectUntil(signal, () => {
    control.hidden = !isLong.value;
    select.disabled = scene.context.options.combine.value !== "each" && heads.value.length > 1;
    select.title = select.disabled ? "Combined heads can only be pooled by their mean" : "";
  });
  return control;
}

export function matrixKeys(scene: Scene, zoom: Zoom): readonly KeyBinding[] {
  return [
    {
      keys: "+  −",
      meaning: "zoom in, zoom out",
      press: (key) => {
        if (key === "+" || key === "=") zoom.by(STEP);
        else if (key === "-" || key === "−") zoom.by(1 / STEP);
        else return false;
        return true;
      },
    },
    { keys: "0", meaning: "on a zoomed map: the whole map" },
    { keys: "↑ ↓ ← →", meaning: "on the map: move to another cell; with Shift: move the zoomed map" },
    { keys: "Home End", meaning: "on the map: the first, the last key; Page Up, Page Down: the first, the last query" },
    { keys: "Enter", meaning: "on the map: pin or unpin the cell" },
    { keys: "Ctrl wheel", meaning: "zoom; the wheel alone moves a zoomed map that was clicked" },
    unpinKey(scene),
  ];
}
