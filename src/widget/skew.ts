import { EDITION, skewOf, UPGRADE } from "../core/front-end";
import { withCommand } from "../dom/command";
import { element } from "../dom/element";

/** Says in the status line of a view that the front end and the kernel have different versions of Headscope. */
export function tellSkew(view: HTMLElement, contract: number): void {
  const skew = skewOf({ ...EDITION, contract });
  if (skew)
    view.querySelector(".hs-statusline")?.append(element("div", { class: "hs-skew" }, ...withCommand(skew, UPGRADE)));
}
