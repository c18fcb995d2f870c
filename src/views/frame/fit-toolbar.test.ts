import { afterEach, expect, it } from "vitest";
import { element } from "../../dom/element";
import { menu } from "../../dom/menu";
import { fitToolbar } from "./fit-toolbar";

// @vitest-environment happy-dom

const ending = new AbortController();

afterEach(() => ending.abort());

it("moves no control while it looks for room, so that none loses its focus or click", async () => {
  const special = element("button", {}, "Special");
  const [aids, toggles] = [menu("Simplify", [], ending.signal), element("div", { class: "hs-control" }, special)];
  const row = document.body.appendChild(element("div", {}, toggles, aids.control));
  fitToolbar(row, [toggles], ending.signal);
  special.focus();
  const moved: Node[] = [];
  const moves = new MutationObserver((records) => moved.push(...records.flatMap((one) => [...one.removedNodes])));
  moves.observe(row, { childList: true });
  aids.open();
  await Promise.resolve();
  delete row.dataset.fit;
  aids.close();
  await expect.poll(() => row.dataset.fit).toBeDefined();
  expect(moved).toEqual([]);
  expect(document.activeElement).toBe(special);
});

it("puts only what has no room into the menu: small controls stay though a wide one before them goes", () => {
  const sizes = { heads: 300, direction: 320, special: 100, find: 180 };
  const controls = Object.keys(sizes).map((name) => element("div", { class: "hs-control", title: name }));
  const row = document.body.appendChild(element("div", {}, ...controls));
  const shown = (parent: Element) =>
    [...parent.children].flatMap((one) => (one.hasAttribute("data-away") ? [] : (one.getAttribute("title") ?? [])));
  const width = () => shown(row).reduce((sum, name) => sum + (sizes[name as keyof typeof sizes] ?? 0), 0);
  Object.defineProperty(row, "clientWidth", { value: 600 });
  Object.defineProperty(row, "scrollWidth", { get: width });
  fitToolbar(row, controls, ending.signal);
  expect(shown(row)).toEqual(["heads", "special", "find"]);
  expect(shown(row.querySelector(".hs-more") as Element)).toEqual(["direction"]);
});

it("keeps two rows and those of the heads in a narrow place, and names what went into the menu", () => {
  const sizes = { Attention: 100, Heads: 300, Scale: 120, Hide: 190, Find: 150, Export: 30 };
  const controls = Object.keys(sizes).map((name) =>
    element(
      "div",
      { class: "hs-control", title: name },
      element("span", { class: "hs-label" }, name),
      ...(name === "Heads" ? [element("div", { class: "hs-heads" })] : []),
    ),
  );
  const row = document.body.appendChild(element("div", {}, ...controls));
  /** As the style sheet does: rows of 320 pixels, the heads in one of their own. */
  const top = (control: Element) => {
    let [line, used] = [0, 0];
    for (const one of row.children) {
      const width = sizes[one.getAttribute("title") as keyof typeof sizes] ?? 30;
      const isOut = one.hasAttribute("data-away") || (one as HTMLElement).hidden || width === sizes.Heads;
      if (!isOut && used + width > 320) [line, used] = [line + 1, 0];
      if (!isOut) used += width;
      if (one === control) return line * 30;
    }
    return 0;
  };
  Object.defineProperty(row, "clientWidth", { value: 320 });
  for (const control of controls) {
    Object.defineProperty(control, "clientHeight", { get: () => (control.hasAttribute("data-away") ? 0 : 24) });
    control.getBoundingClientRect = () => ({ top: top(control) }) as DOMRect;
  }
  fitToolbar(row, controls.slice(1, -1), ending.signal);
  const shown = [...row.children].filter((one) => one.hasAttribute("title") && !one.hasAttribute("data-away"));
  expect(shown.map((one) => one.getAttribute("title"))).toEqual(["Attention", "Heads", "Scale", "Hide", "Export"]);
  expect(row.querySelector<HTMLElement>("[data-icon=more]")?.title).toBe("More controls: Find");
});
