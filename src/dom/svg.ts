import type { SvgOptions, SvgPicture } from "../core/printer";
import { paintOf } from "./svg-color";
import { attributesText, decimal, escapeXml, tag } from "./svg-markup";
import { SvgPaper } from "./svg-paper";
import { drawElement } from "./svg-walk";
import { wordsAbove, wordsBelow } from "./svg-words";

const MARGIN = 12;
const GAP = 6;
/** So that titles of small pictures keep their words together, in CSS pixels. */
const NARROWEST = 240;

const NAMESPACES = { xmlns: "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink" };

/**
 * What `root` shows as a picture in SVG: texts as texts, lines as paths, everything else as rectangles, and canvases
 * that know no better as images. It refers to nothing outside of itself.
 */
export function svgOf(root: HTMLElement, options: SvgOptions): SvgPicture {
  const { words, transparent = false } = options;
  const style = getComputedStyle(root);
  const ground = paintOf(style.getPropertyValue("--hs-ground").trim())?.color ?? "#ffffff";
  const paper = drawn(root, ground, options);
  const content = { width: Math.max(NARROWEST, paper.right - paper.left), height: paper.bottom - paper.top };
  const { fontFamily, color } = style;
  const above = wordsAbove(paper.fonts, words, content.width, fontFamily, color);
  const quiet = style.getPropertyValue("--hs-quiet").trim() || color;
  const below = wordsBelow(paper.fonts, words, content.width, fontFamily, quiet);
  const top = MARGIN + above.height + GAP;
  const bottom = top + content.height + GAP;
  const size = { width: Math.ceil(content.width + 2 * MARGIN), height: Math.ceil(bottom + below.height + MARGIN) };
  const parts = [
    tag("title", {}, escapeXml(words.title)),
    tag("desc", {}, escapeXml([words.caption, ...paper.notes].filter(Boolean).join(" "))),
    transparent ? "" : tag("rect", { ...size, fill: ground }),
    shifted(MARGIN, MARGIN, above.marks),
    shifted(MARGIN - paper.left, top - paper.top, String(paper)),
    shifted(MARGIN, bottom, below.marks),
  ];
  const attributes = attributesText({ ...NAMESPACES, ...size, viewBox: `0 0 ${size.width} ${size.height}` });
  return { text: `<svg${attributes}>\n${parts.filter(Boolean).join("\n")}\n</svg>\n`, ...size };
}

function drawn(root: HTMLElement, ground: string, { leaveOut, images = false }: SvgOptions): SvgPaper {
  const { left, top } = root.getBoundingClientRect();
  const paper = new SvgPaper({ x: left, y: top }, ground, !images);
  unrolled(root, () => {
    for (const child of root.children) if (child instanceof HTMLElement) drawElement(paper, child, leaveOut);
  });
  if (!(paper.right > paper.left)) throw new Error("The view shows nothing that could be saved as a picture.");
  return paper;
}

/**
 * Lets scrolled boxes show all that they hold while `draw` looks at them, and scrolls them back. A view that draws only
 * what is in sight learns from an event, as ever, what that is now.
 */
function unrolled(root: HTMLElement, draw: () => void): void {
  const scrolled = [...root.querySelectorAll("*")]
    .filter((box) => box.scrollHeight > box.clientHeight + 1 && box.clientHeight > 0 && isScrolled(box))
    .map((box) => ({ box, top: box.scrollTop, left: box.scrollLeft }));
  const tell = () => {
    for (const { box } of scrolled) box.dispatchEvent(new Event("scroll"));
  };
  root.setAttribute("data-exporting", "");
  try {
    tell();
    draw();
  } finally {
    root.removeAttribute("data-exporting");
    for (const { box, top, left } of scrolled) box.scrollTo({ top, left, behavior: "instant" });
    tell();
  }
}

function isScrolled(box: Element): boolean {
  return /auto|scroll/.test(getComputedStyle(box).overflowY);
}

function shifted(x: number, y: number, marks: string): string {
  return marks && `<g transform="translate(${decimal(x)} ${decimal(y)})">\n${marks}\n</g>`;
}
