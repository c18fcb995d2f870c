import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import type { ViewKind } from "../../contract.gen";
import type { LiveCapture } from "../../core/state/live";
import { element } from "../../dom/element";
import { headscopeIcon } from "../shared/icon";
import type { LiveCaptures, NotebookCapture } from "../shared/live-captures";
import { captureCard } from "./panel-card";

export interface PanelActions {
  jump(housed: NotebookCapture): void;
  /** Absent if the host has no tabs. */
  readonly open?: ((housed: NotebookCapture, kind: ViewKind) => void) | undefined;
}

interface Card {
  readonly root: HTMLElement;
  readonly ended: AbortController;
}

/** The captures of the open notebooks, notebook by notebook. */
export class CapturePanel extends Widget {
  readonly #live: LiveCaptures;
  readonly #actions: PanelActions;
  readonly #cards = new Map<LiveCapture, Card>();
  readonly #groups = new Map<NotebookPanel, HTMLElement>();
  readonly #list = element("div", { class: "headscope-panel-list" });
  readonly #nothing = emptyPanel();

  constructor(live: LiveCaptures, actions: PanelActions) {
    super({ node: element("div", { class: "headscope-panel", role: "region", "aria-label": "Headscope" }) });
    this.#live = live;
    this.#actions = actions;
    this.title.icon = headscopeIcon;
    this.title.caption = "Headscope: captures in the open notebooks";
    this.node.append(element("h2", { class: "headscope-panel-title" }, "Headscope"), this.#nothing, this.#list);
    live.changed.connect(this.#update, this);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#live.changed.disconnect(this.#update, this);
    this.#drop(new Set());
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.#update();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.#update();
  }

  /** Cards follow their captures, so a hidden panel drops them. */
  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.#drop(new Set());
  }

  #update(): void {
    if (!this.isVisible) return;
    const all = this.#live.list();
    this.#drop(new Set(all.map(({ capture }) => capture)));
    this.#nothing.hidden = all.length > 0;
    const notebooks = [...new Set(all.map(({ notebook }) => notebook))];
    for (const notebook of this.#groups.keys()) {
      if (!notebooks.includes(notebook)) this.#groups.delete(notebook);
    }
    const groups = notebooks.map((notebook) => {
      const group = this.#group(notebook);
      const cards = all.filter((one) => one.notebook === notebook).map((one) => this.#card(one));
      setChildren(group, [group.firstElementChild as HTMLElement, ...cards]);
      return group;
    });
    setChildren(this.#list, groups);
  }

  #drop(living: ReadonlySet<LiveCapture>): void {
    for (const [capture, { root, ended }] of this.#cards) {
      if (living.has(capture)) continue;
      ended.abort();
      root.remove();
      this.#cards.delete(capture);
    }
  }

  #group(notebook: NotebookPanel): HTMLElement {
    const title = element("h3", { class: "headscope-panel-notebook" });
    const group = this.#groups.get(notebook) ?? element("div", { role: "group" }, title);
    this.#groups.set(notebook, group);
    const { path } = notebook.context;
    group.setAttribute("aria-label", path);
    const heading = group.firstElementChild as HTMLElement;
    heading.textContent = notebook.title.label || path;
    heading.title = path;
    return group;
  }

  /** A card stays the same while its capture lives, because the reader may be using it. */
  #card({ capture }: NotebookCapture): HTMLElement {
    const known = this.#cards.get(capture);
    if (known) return known.root;
    const ended = new AbortController();
    const { jump, open } = this.#actions;
    // A cell may run again, and a notebook may be renamed, so the place of the capture is looked up when needed.
    const here = (act: (housed: NotebookCapture) => void) => {
      const housed = this.#live.list().find((one) => one.capture === capture);
      if (housed) act(housed);
    };
    const actions = {
      jump: () => here(jump),
      open: open && ((kind: ViewKind) => here((housed) => open(housed, kind))),
    };
    const root = captureCard(capture, actions, ended.signal);
    this.#cards.set(capture, { root, ended });
    return root;
  }
}

/**
 * Sets the children of `parent`. Children that are already in place are not touched, because one of them may have the
 * focus.
 */
function setChildren(parent: HTMLElement, children: readonly HTMLElement[]): void {
  for (const child of [...parent.children]) {
    if (!children.includes(child as HTMLElement)) child.remove();
  }
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}

const EXAMPLE = `import headscope as hs

capture = hs.capture(
    model, tokenizer, text
)
capture`;

/** Explains what to do while no notebook has a capture. */
function emptyPanel(): HTMLElement {
  return element(
    "div",
    { class: "headscope-panel-nothing" },
    element("p", {}, "No open notebook shows a capture. Run a cell that ends in one:"),
    element("pre", {}, EXAMPLE),
    element(
      "p",
      {},
      "It is listed here as long as its cell shows it and its kernel runs. After a restart, run the cell again.",
    ),
  );
}
