import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { ViewKind } from "../contract.gen";
import { SETTING_OPTIONS, setUserSettings } from "../core/state/live";
import type { OptionSettings } from "../options.gen";

const ID = "headscope:settings";

const MB = 1024 * 1024;

/** The settings in `schema/settings.json`, in addition to those of options. */
interface Composite extends Readonly<Record<string, unknown>> {
  readonly defaultView: ViewKind;
  readonly cacheSize: number;
  readonly subshells: boolean;
}

/** The settings of options. Settings have no null, so 0 stands for it. */
function optionSettings(composite: Composite): OptionSettings {
  const entries = SETTING_OPTIONS.map(({ setting, signal, default: usual }) => {
    const value = composite[setting as string];
    return [signal, usual === null && value === 0 ? null : value];
  });
  return Object.fromEntries(entries) as unknown as OptionSettings;
}

/** Passes a reader's settings to every view of the page, at once and whenever they change. */
export const settings: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "The defaults of views, and how much of them a page caches.",
  autoStart: true,
  optional: [ISettingRegistry],
  activate: async (_app: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    if (!registry) return;
    try {
      const loaded = await registry.load(ID);
      const apply = () => {
        const composite = loaded.composite as unknown as Composite;
        const { subshells, defaultView, cacheSize } = composite;
        setUserSettings({ ...optionSettings(composite), subshells, defaultView, cacheBytes: cacheSize * MB });
      };
      loaded.changed.connect(apply);
      apply();
    } catch (error) {
      console.warn(`Headscope's settings can't be read, so its views use their defaults: ${(error as Error).message}`);
    }
  },
};
