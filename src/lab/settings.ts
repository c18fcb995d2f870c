import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { ColorMap, ColorScale, Theme, ViewKind } from "../contract.gen";
import { setReaderSettings } from "../core/live";

const ID = "headscope:settings";

const MB = 1024 * 1024;

/** As in `schema/settings.json`. */
interface Composite {
  readonly defaultView: ViewKind;
  readonly theme: Theme;
  readonly colorScale: ColorScale;
  readonly colorMap: ColorMap;
  readonly threshold: number;
  readonly cacheSize: number;
  readonly subshells: boolean;
}

/** Brings a reader's settings to every view of the page, at once and whenever they change. */
export const settings: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "How views begin, and what a page keeps of them.",
  autoStart: true,
  optional: [ISettingRegistry],
  activate: async (_app: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    if (!registry) return;
    try {
      const loaded = await registry.load(ID);
      const apply = () => {
        const { threshold, cacheSize, colorScale, ...same } = loaded.composite as unknown as Composite;
        setReaderSettings({
          ...{ theme: same.theme, subshells: same.subshells, defaultView: same.defaultView },
          ...{ scale: colorScale, colorMap: same.colorMap },
          threshold: threshold > 0 ? threshold : null,
          cacheBytes: cacheSize * MB,
        });
      };
      loaded.changed.connect(apply);
      apply();
    } catch (error) {
      console.warn(`Headscope's settings can't be read, so its views begin as they come: ${(error as Error).message}`);
    }
  },
};
