import type { Scene } from "../scene/scene";

/** The same in every copy of this module, because a page may load several. */
const SCENE = Symbol.for("headscope.scene");

type Root = HTMLElement & { [SCENE]?: Scene };

/** Attaches a view's scene to its root, for pictures, which show the part of a long map that the reader has chosen. */
export function rememberScene(root: HTMLElement, scene: Scene): void {
  (root as Root)[SCENE] = scene;
}

export function sceneOfRoot(root: HTMLElement): Scene | undefined {
  return (root as Root)[SCENE];
}
