import { type DocumentModel, type DocumentRegistry, TextModelFactory } from "@jupyterlab/docregistry";
import type { Contents } from "@jupyterlab/services";

/** Makes models of files whose content JupyterLab neither loads nor writes: they may have a gigabyte. */
export class FileModelFactory extends TextModelFactory {
  constructor() {
    super(false);
  }

  override get name(): string {
    return "headscope-file";
  }

  override get fileFormat(): Contents.FileFormat {
    return null;
  }
}

/**
 * Lets nobody write the file through this document. JupyterLab takes a document whose file is writable for one that it
 * may write: it copies the file as a checkpoint when it opens, and saves the model's text, of which there is none.
 */
export function forbidWriting(
  context: DocumentRegistry.IContext<DocumentModel>,
  refuse: (message: string) => void,
): void {
  const known = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(context), "contentsModel");
  const refused = async () => refuse(`${context.path} can only be looked at here. Copy it in the file browser.`);
  Object.defineProperties(context, {
    contentsModel: {
      get() {
        const model = known?.get?.call(context) as Contents.IModel | null;
        return model && { ...model, writable: false };
      },
    },
    canSave: { get: () => false },
    save: { value: refused },
    saveAs: { value: async () => refused().then(() => false) },
  });
}
