import { DOMUtils, MainAreaWidget } from "@jupyterlab/apputils";
import type { Widget } from "@lumino/widgets";
import { headscopeIcon } from "./icon";
import type { SelectedView } from "./selected-view";

/** A tab with a second picture of the cell's output. It lives as long as the cell does. */
export function viewTab({ cell, root }: SelectedView): MainAreaWidget<Widget> {
  const content = cell.cloneOutputArea();
  content.addClass("headscope-tab");
  const tab = new MainAreaWidget({ content });
  tab.id = DOMUtils.createDomID();
  tab.title.label = root.getAttribute("aria-label") ?? "Headscope";
  tab.title.caption = `Headscope: ${tab.title.label}`;
  tab.title.icon = headscopeIcon;
  const close = () => tab.dispose();
  cell.disposed.connect(close);
  tab.disposed.connect(() => cell.disposed.disconnect(close));
  return tab;
}
