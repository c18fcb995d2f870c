import type { KernelMessage } from "@jupyterlab/services";
import type { ThemeName } from "./themes";

/** What the kernel in the webview must know about the kernel of the extension host. */
export interface KernelOptions {
  readonly id: string;
  readonly name: string;
  /** The session of the extension host's messages, and so of the webview's. */
  readonly clientId: string;
}

/** The output of a cell. */
export interface Output {
  readonly id: string;
  /** The cell that displayed it. */
  readonly cell: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The place of an output in the webview's page, in CSS pixels. */
export interface Place {
  readonly id: string;
  readonly top: number;
}

export const WIDGET = "application/vnd.jupyter.widget-view+json";

export interface WidgetData {
  readonly model_id: string;
}

export interface Executed {
  /** What was printed, and the last value as text. */
  readonly text: string;
  readonly error: string;
}

/** Extension host to webview. Buffers travel as lists of numbers, because VS Code turns these messages into JSON. */
export type ToWebview =
  | { readonly type: "kernel-options"; readonly options: KernelOptions }
  | { readonly type: "message"; readonly data: string }
  | { readonly type: "binary-message"; readonly data: readonly number[] }
  | { readonly type: "mirror-execute"; readonly message: KernelMessage.IExecuteRequestMsg }
  | { readonly type: "script-source"; readonly module: string; readonly path: string | null }
  | { readonly type: "widget-state"; readonly model: string; readonly isKnown: boolean };

/** Webview to extension host. */
export type FromWebview =
  | { readonly type: "ready" }
  | { readonly type: "message"; readonly data: string }
  | { readonly type: "binary-message"; readonly data: readonly number[] }
  | { readonly type: "script-source-request"; readonly module: string }
  | { readonly type: "query-widget-state"; readonly model: string };

/** Workbench to webview. */
export type WorkbenchToWebview =
  | { readonly type: "output"; readonly output: Output; readonly top: number }
  | { readonly type: "layout"; readonly places: readonly Place[] }
  | { readonly type: "theme"; readonly theme: ThemeName };

/** Webview to workbench. */
export type WebviewToWorkbench =
  | { readonly type: "loaded" }
  | { readonly type: "dimension"; readonly id: string; readonly height: number }
  | { readonly type: "did-scroll-wheel"; readonly delta: number }
  | { readonly type: "did-keydown"; readonly key: string }
  | { readonly type: "clicked-data-url"; readonly data: string; readonly name: string };

/** Workbench to extension host. */
export type ToExtensionHost =
  | { readonly type: "close"; readonly endsKernel: boolean }
  | { readonly type: "start"; readonly url: string; readonly options: KernelOptions }
  | { readonly type: "execute"; readonly id: string; readonly code: string; readonly isCell: boolean }
  | { readonly type: "from-webview"; readonly message: FromWebview };

/** Extension host to workbench. */
export type FromExtensionHost =
  | { readonly type: "started" }
  | { readonly type: "output"; readonly output: Output }
  | { readonly type: "executed"; readonly id: string; readonly result: Executed }
  | { readonly type: "to-webview"; readonly message: ToWebview };
