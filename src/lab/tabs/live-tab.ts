import { PathExt } from "@jupyterlab/coreutils";
import type { Message } from "@lumino/messaging";
import { type ISignal, Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import type { ViewKind } from "../../contract.gen";
import type { LiveCapture } from "../../core/state/live";
import { element } from "../../dom/element";
import { VIEWS } from "../../options.gen";
import { headscopeIcon } from "../shared/icon";
import type { LiveCaptures, NotebookCapture } from "../shared/live-captures";
import { kindName } from "../shared/view-names";

/** The view and the capture of a tab, in terms that survive a reload. */
export interface TabPlace {
  readonly path: string;
  readonly cell: string;
  readonly name: string;
  /** The index among the captures of the same name in the cell. */
  readonly nth: number;
  readonly kind: ViewKind;
}

export function tabPlace(housed: NotebookCapture, live: LiveCaptures, kind: ViewKind): TabPlace {
  const { capture, notebook, cell } = housed;
  const [path, name] = [notebook.context.path, capture.name()];
  const alike = live.list().filter((one) => one.cell === cell && one.capture.name() === name);
  return { path, cell: cell.model.id, name, nth: alike.findIndex((one) => one.capture === capture), kind };
}

/** The capture at exactly this place. */
export function captureAt({ path, cell, name, nth }: TabPlace, live: LiveCaptures): NotebookCapture | undefined {
  const isHere = ({ capture, notebook, cell: { model } }: NotebookCapture) =>
    notebook.context.path === path && model.id === cell && capture.name() === name;
  return live.list().filter(isHere)[nth];
}

/** A view in its own tab. It waits for its capture, and draws it as long as the kernel holds it. */
export class LiveTab extends Widget {
  #place: TabPlace;
  readonly #live: LiveCaptures;
  readonly #openNotebook: (path: string) => void;
  readonly #moved = new Signal<this, void>(this);
  #shown: { readonly capture: LiveCapture; readonly drawing: AbortController } | null = null;

  constructor(place: TabPlace, live: LiveCaptures, openNotebook: (path: string) => void) {
    super({ node: element("div", { class: "headscope-tab headscope-live-tab", tabindex: -1 }) });
    this.#place = place;
    this.#live = live;
    this.#openNotebook = openNotebook;
    this.title.icon = headscopeIcon;
    this.title.closable = true;
    live.changed.connect(this.#update, this);
    this.#wait();
    this.#update();
  }

  get place(): TabPlace {
    return this.#place;
  }

  /** Emitted when the notebook is renamed, or another cell shows the capture. */
  get moved(): ISignal<this, void> {
    return this.#moved;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#live.changed.disconnect(this.#update, this);
    this.#shown?.drawing.abort();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    (this.node.querySelector<HTMLElement>(".headscope, button") ?? this.node).focus({ preventScroll: true });
  }

  #update(): void {
    const found = this.#find();
    if (found) this.#follow(found);
    if (found && found.capture !== this.#shown?.capture) this.#draw(found.capture);
    else if (!found && this.#shown && this.#live.isGone(this.#shown.capture)) this.#wait();
    this.#say();
  }

  /**
   * The shown capture, or the one that its cell shows now. Once that is gone, another capture of the same cell or name.
   */
  #find(): NotebookCapture | undefined {
    const all = this.#live.list();
    const found = all.find(({ capture }) => capture === this.#shown?.capture) ?? captureAt(this.#place, this.#live);
    if (found || (this.#shown && !this.#live.isGone(this.#shown.capture))) return found;
    const { path, cell, name } = this.#place;
    const here = all.filter(({ notebook }) => notebook.context.path === path);
    return here.find((one) => one.cell.model.id === cell) ?? here.find((one) => one.capture.name() === name);
  }

  #follow(found: NotebookCapture): void {
    const next = tabPlace(found, this.#live, this.#place.kind);
    if (JSON.stringify(next) === JSON.stringify(this.#place)) return;
    this.#place = next;
    this.#moved.emit();
  }

  #draw(capture: LiveCapture): void {
    this.#shown?.drawing.abort();
    const drawing = new AbortController();
    this.node.replaceChildren();
    this.#shown = { capture, drawing };
    capture.draw(this.#place.kind, this.node, drawing.signal);
  }

  #wait(): void {
    this.#shown?.drawing.abort();
    this.#shown = null;
    const { name, path, kind } = this.#place;
    const file = PathExt.basename(path);
    const open = element("button", { type: "button", class: "jp-mod-styled" }, `Go to ${file}`);
    open.addEventListener("click", () => this.#openNotebook(this.#place.path));
    const text = `The ${kindName(kind)} of ${name} comes back once the notebook holds the capture again: run the cell that makes it.`;
    this.node.replaceChildren(
      element("div", { class: "headscope-waiting", role: "status" }, element("p", {}, text), open),
    );
  }

  #say(): void {
    const { name, path, kind } = this.#place;
    this.title.label = `${VIEWS[kind].short}: ${name}`;
    this.title.caption = `Headscope, ${kindName(kind)} of ${name} in ${path}`;
  }
}
