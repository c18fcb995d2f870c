import { PathExt } from "@jupyterlab/coreutils";
import type { DocumentModel, DocumentRegistry } from "@jupyterlab/docregistry";
import type { ServiceManager } from "@jupyterlab/services";
import { Widget } from "@lumino/widgets";
import { element } from "../../dom/element";
import { childOf } from "../../dom/until";
import type { FileMemory } from "./file-memory";
import type { HttpReader } from "./http-reader";
import { rangesOf } from "./server-ranges";

/** The contents of a file's tab: the explorer, or a message that says why there is none. */
export class FileView extends Widget {
  readonly #context: DocumentRegistry.IContext<DocumentModel>;
  readonly #services: ServiceManager.IManager;
  readonly #memory: FileMemory;
  readonly #closed = new AbortController();
  readonly #note = element("div", { class: "headscope-file-note", role: "alert" });
  readonly #place = element("div", { class: "headscope-file-view" });
  /** Ends what was opened last. */
  #opened: AbortController | null = null;
  #reader: HttpReader | null = null;

  constructor(
    context: DocumentRegistry.IContext<DocumentModel>,
    services: ServiceManager.IManager,
    memory: FileMemory,
  ) {
    super();
    this.#context = context;
    this.#services = services;
    this.#memory = memory;
    this.addClass("headscope-file");
    this.node.append(this.#note, this.#place);
    const look = () => document.visibilityState === "visible" && this.#look();
    document.addEventListener("visibilitychange", look, { signal: this.#closed.signal });
    void context.ready.then(() => this.#begin());
  }

  override dispose(): void {
    this.#closed.abort();
    super.dispose();
  }

  protected override onActivateRequest(): void {
    (this.#place.querySelector<HTMLElement>(".headscope") ?? this.#note.querySelector("button"))?.focus({
      preventScroll: true,
    });
  }

  protected override onAfterShow(): void {
    this.#look();
  }

  #begin(): void {
    if (this.isDisposed) return;
    let { path } = this.#context;
    const open = () => {
      if (path !== this.#context.path) this.#memory.move(path, this.#context.path);
      path = this.#context.path;
      void this.#open();
    };
    this.#context.pathChanged.connect(open);
    this.#context.fileChanged.connect(open);
    this.#closed.signal.addEventListener("abort", () => {
      this.#context.pathChanged.disconnect(open);
      this.#context.fileChanged.disconnect(open);
    });
    open();
  }

  async #open(): Promise<void> {
    this.#opened?.abort();
    const opened = childOf(this.#closed.signal);
    this.#opened = opened;
    this.#reader = null;
    this.node.dataset.state = "opening";
    this.#note.replaceChildren();
    const root = element("div");
    this.#place.replaceChildren(root);
    try {
      this.#reader = await this.#show(root, opened.signal);
      this.node.dataset.state = "shown";
    } catch (error) {
      if (opened.signal.aborted) return;
      opened.abort();
      this.node.dataset.state = "failed";
      this.#say((error as Error).message, "Try again");
    }
  }

  async #show(root: HTMLElement, signal: AbortSignal): Promise<HttpReader> {
    const { path } = this.#context;
    // The code of the views loads with the first file that is opened.
    const { showFile } = await import("./file-explorer").catch(() => {
      throw new Error("The code that shows files could not be loaded. Try again, or reload this page.");
    });
    signal.throwIfAborted();
    const file = {
      name: PathExt.basename(this.#context.localPath),
      ask: rangesOf(this.#services, path),
      left: this.#memory.recall(path),
      keep: this.#memory.keep.bind(this.#memory, path),
      changed: () => this.#say("This file has changed on the server since it was opened.", "Reload"),
    };
    return showFile(root, file, signal);
  }

  /** Checks whether the file has changed while it was hidden. */
  #look(): void {
    if (this.#opened && this.isVisible) void this.#reader?.check(this.#opened.signal);
  }

  #say(text: string, offer: "Try again" | "Reload"): void {
    const button = element("button", { type: "button", class: "jp-mod-styled jp-mod-accept" }, offer);
    button.addEventListener("click", () => void this.#open(), { signal: this.#closed.signal });
    this.#note.replaceChildren(element("span", {}, text), button);
  }
}
