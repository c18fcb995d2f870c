import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Notification, WidgetTracker } from "@jupyterlab/apputils";
import { ABCWidgetFactory, type DocumentModel, type DocumentRegistry, DocumentWidget } from "@jupyterlab/docregistry";
import type { ServiceManager } from "@jupyterlab/services";
import { headscopeIcon } from "../shared/icon";
import { FileMemory } from "./file-memory";
import { FileModelFactory, forbidWriting } from "./file-model";
import { FileView } from "./file-view";

const FILE_TYPE = "headscope-attention";
/** The name in the "Open With" menu. */
const FACTORY = "Headscope";

type FileWidget = DocumentWidget<FileView, DocumentModel>;

class FileWidgetFactory extends ABCWidgetFactory<FileWidget, DocumentModel> {
  readonly #services: ServiceManager.IManager;
  readonly #memory: FileMemory;

  constructor(options: DocumentRegistry.IWidgetFactoryOptions<FileWidget>, services: ServiceManager.IManager) {
    super(options);
    this.#services = services;
    this.#memory = new FileMemory(services.serverSettings.baseUrl);
  }

  protected override createNewWidget(context: DocumentRegistry.IContext<DocumentModel>): FileWidget {
    forbidWriting(context, (message) => Notification.info(message, { autoClose: 8000 }));
    const widget = new DocumentWidget({ content: new FileView(context, this.#services, this.#memory), context });
    widget.title.icon = headscopeIcon;
    // The toolbar would only say that the file is read-only.
    widget.toolbar.hide();
    return widget;
  }
}

/** Opens files of `capture.save` in JupyterLab and in Notebook 7, without a kernel. */
export const openFiles: JupyterFrontEndPlugin<void> = {
  id: "headscope:files",
  description: "Opens .attn.safetensors files in the explorer, without a kernel.",
  autoStart: true,
  optional: [ILayoutRestorer],
  activate: ({ docRegistry, serviceManager }: JupyterFrontEnd, restorer: ILayoutRestorer | null) => {
    const model = new FileModelFactory();
    const options = { name: FACTORY, modelName: model.name, fileTypes: [FILE_TYPE], defaultFor: [FILE_TYPE] };
    const factory = new FileWidgetFactory({ ...options, readOnly: true }, serviceManager);
    docRegistry.addFileType({
      name: FILE_TYPE,
      displayName: "Attention",
      extensions: [".attn.safetensors"],
      mimeTypes: ["application/vnd.headscope.attention"],
      contentType: "file",
      fileFormat: "base64",
      icon: headscopeIcon,
    });
    docRegistry.addModelFactory(model);
    // JupyterLab's own base class sets `contentProviderId` to undefined where its interface omits it.
    docRegistry.addWidgetFactory(factory as DocumentRegistry.WidgetFactory);
    const tracker = new WidgetTracker<FileWidget>({ namespace: FILE_TYPE });
    factory.widgetCreated.connect((_, widget) => {
      widget.context.pathChanged.connect(() => void tracker.save(widget));
      void tracker.add(widget);
    });
    void restorer?.restore(tracker, {
      command: "docmanager:open",
      args: ({ context }) => ({ path: context.path, factory: FACTORY }),
      name: ({ context }) => context.path,
    });
  },
};
