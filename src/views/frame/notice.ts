import type { ReadonlySignal } from "@preact/signals-core";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Progress } from "../fetch/progress";

/** Shows an error over the picture, with a button to try again. */
export function mountNotice(parent: HTMLElement, progress: ReadonlySignal<Progress>, signal: AbortSignal): void {
  const text = element("span");
  const retry = element("button", { type: "button", class: "hs-button" }, "Try again");
  // The alert is in the page from the start, because screen readers announce changes inside an existing alert.
  const notice = element("div", { class: "hs-notice", role: "alert" });
  parent.append(notice);
  retry.addEventListener(
    "click",
    () => {
      const now = progress.peek();
      if (now.state === "error") now.retry?.();
    },
    { signal },
  );
  effectUntil(signal, () => {
    const now = progress.value;
    text.textContent = now.state === "error" ? now.message : "";
    const isCalm = now.state === "error" && !now.retry;
    notice.classList.toggle("hs-calm", isCalm);
    notice.replaceChildren(...(now.state === "error" ? (isCalm ? [text] : [text, retry]) : []));
  });
}
