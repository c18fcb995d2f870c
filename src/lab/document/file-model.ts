import { type DocumentModel, type DocumentRegistry, TextModelFactory } from "@jupyterlab/docregistry";
import type { Contents } from "@jupyterlab/services";

/** Makes models of files whose content JupyterLab neither loads nor writes, because they may be a gigabyte large. */
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
 * Prevents writing to the file through this document. JupyterLab treats a document as its own if its file is writable:
 * on opening it copies the file as a checkpoint, and it saves the model's text, which is empty.
 */
export function forbidWriting(
  context: DocumentRegistry.IContext<DocumentModel>,
  refuse: (message: string) => void,
): void {
  const known = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(context), "contentsModel");
  const refused = async () => refuse(`${context.path} can only be viewed here. Copy it in the file browser.`);
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
