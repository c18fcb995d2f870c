// Runs in the measured page, before any of its own scripts: where each of them keeps its controls, and how to know
// that its drawing is complete. Every action returns a function that says whether what it asked for is on the page.
(() => {
  const lines = () => document.getElementsByTagName("line").length;

  /** What a pointer that moves onto the element sends, wherever the page listens. */
  function hover(element) {
    const box = element.getBoundingClientRect();
    const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true, composed: true };
    for (const type of ["pointerover", "pointermove"]) element.dispatchEvent(new PointerEvent(type, at));
    for (const type of ["pointerenter", "mouseenter"]) {
      const Kind = type.startsWith("pointer") ? PointerEvent : MouseEvent;
      element.dispatchEvent(new Kind(type, { ...at, bubbles: false }));
    }
    for (const type of ["mouseover", "mousemove"]) element.dispatchEvent(new MouseEvent(type, at));
  }

  function choose(select, value) {
    select.value = String(value);
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function click(element) {
    element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  }

  // BertViz draws a view in one go: once the last line is there, all of it is.
  const bertviz = {
    head: ({ heads, tokens }) => ({
      drawn: () => lines() === heads * tokens * tokens && document.querySelectorAll("#vis > svg > g").length === 4,
      layer(value) {
        const before = document.querySelector("#attention");
        choose(document.querySelector("#layer"), value);
        return () => this.drawn() && document.querySelector("#attention") !== before;
      },
      head(value) {
        click(document.querySelector("#vis > svg > g:last-child").children[value]);
        const group = document.querySelector(`#attention > g[head-index="${value}"] line`);
        return () => group.getAttribute("stroke-opacity") === "0";
      },
      hover(value) {
        hover(document.querySelectorAll("#left > g:last-child > g")[value].querySelector("rect"));
        const line = document.querySelector(`#attention line[left-token-index="${value}"]`);
        return () => line.getAttribute("visibility") === "visible";
      },
    }),
    model: ({ layers, heads, tokens }) => ({
      drawn: () => lines() === layers * heads * tokens * tokens,
      open(layer, head) {
        const cell = document.getElementById(`attn_background_${layer}_${head}`);
        click(cell.parentNode.lastElementChild);
        return () => document.querySelectorAll(".attn-line-group").length === tokens;
      },
      hover(value) {
        hover(document.querySelectorAll("g.detail > g > text.token")[value]);
        const other = document.querySelectorAll(".attn-line-group")[(value + 1) % tokens];
        return () => other.style.opacity === "0";
      },
    }),
  };

  // Its code draws in one go, so a new picture is whole once it is there.
  const neurons = () => document.querySelector("#vis > svg");
  bertviz.neuron = ({ tokens }) => {
    const drawn = () => document.querySelectorAll(".attn-line-group").length === tokens;
    const chosen = (name) => (value) => {
      const before = neurons();
      choose(document.querySelector(name), value);
      return () => drawn() && neurons() !== before;
    };
    return { drawn, layer: chosen("#layer"), head: chosen("#att_head") };
  };

  /** The pixels in the middle of a canvas, as text: they tell one heat map from another. */
  function middle(canvas) {
    if (!canvas?.width || !canvas.height) return "";
    const { data } = canvas.getContext("2d").getImageData(0, canvas.height >> 1, canvas.width, 1);
    return data.some((value) => value > 0) ? data.join() : "";
  }

  // Small heat maps of all heads, and the one under the pointer large, as the last.
  const circuitsvis = {
    matrix: ({ heads }) => {
      const canvases = () => [...document.querySelectorAll("canvas")];
      return {
        drawn: () => canvases().length === heads + 1 && canvases().every((canvas) => middle(canvas) !== ""),
        head(value) {
          const before = middle(canvases().at(-1));
          hover(canvases()[value]);
          return () => ![before, ""].includes(middle(canvases().at(-1)));
        },
      };
    },
  };

  // What is chosen is in the titles of the cells at once, and drawn with them.
  const inspectus = {
    matrix: ({ tokens }) => {
      // Weights are told as shares of the largest, which is often the first.
      const titles = () => [...document.querySelectorAll(".matrix .cell:nth-child(-n + 40) title")];
      const cell = () =>
        titles()
          .map((title) => title.textContent)
          .join();
      const choice = (name) => (value) => {
        const before = cell();
        const title = (element) => element.querySelector(".title")?.textContent.toLowerCase();
        const values = [...document.querySelectorAll(".dimension-values")].find((element) => title(element) === name);
        click(values.querySelectorAll(".value")[value]);
        return () => cell() !== before;
      };
      const drawn = () => document.querySelectorAll(".matrix .cell").length === tokens * tokens && /\d/.test(cell());
      return { drawn, layer: choice("layer"), head: choice("head") };
    },
  };

  const root = () => document.querySelector(".headscope[data-state]");
  const named = (role, name) => {
    const label = (element) => element.getAttribute("aria-label") ?? element.textContent.trim();
    return [...root().querySelectorAll(role)].find((element) => label(element).startsWith(name));
  };
  const ready = () => root()?.dataset.state === "ready";

  const layer = (value) => {
    choose(root().querySelector('select[aria-label="Layer"], label select'), value);
    return () => ready() && root().dataset.layer === String(value);
  };
  const head = (value) => {
    const button = named("button[aria-pressed]", `Head ${value}`);
    const before = button.getAttribute("aria-pressed");
    click(button);
    return () => ready() && button.getAttribute("aria-pressed") !== before;
  };

  const headscope = {
    matrix: () => ({ drawn: ready, layer, head }),
    neuron: () => ({ drawn: ready, layer, head }),
    head: () => ({
      drawn: ready,
      layer,
      head,
      hover(value) {
        hover(root().querySelector(`[data-query="${value}"]`));
        return ready;
      },
    }),
    model: () => ({
      drawn: ready,
      open(layer, head) {
        click(named("button", `Layer ${layer} head ${head}`));
        return () => ready() && root().querySelector("[data-query]") !== null;
      },
      hover(value) {
        hover(root().querySelector(`[data-query="${value}"]`));
        return ready;
      },
    }),
  };

  const empty = { page: () => ({ drawn: () => document.readyState === "complete" }) };

  globalThis.benchmarkSubjects = { bertviz, circuitsvis, inspectus, headscope, empty };
})();
