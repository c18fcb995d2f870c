import type { SvgOptions, SvgPicture } from "../../core/look/picture-export";
import { wordsAbove, wordsBelow } from "./caption";
import { paintOf } from "./color";
import { attributesText, decimal, escapeXml, tag } from "./markup";
import { SvgPaper } from "./paper";
import { drawElement } from "./walk";

const MARGIN = 12;
const GAP = 6;
/** The least width in CSS pixels, so that the title of a small picture stays in one piece. */
const NARROWEST = 240;

const NAMESPACES = { xmlns: "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink" };

/**
 * Renders `root` as an SVG picture: texts as texts, lines as paths, everything else as rectangles, and canvases without
 * a redraw function as images. The picture has no external references.
 */
export function svgOf(root: HTMLElement, options: SvgOptions): SvgPicture {
  const { figureText, transparent = false } = options;
  const style = getComputedStyle(root);
  const background = paintOf(style.getPropertyValue("--hs-background").trim())?.color ?? "#ffffff";
  const paper = drawn(root, background, options);
  const content = { width: Math.max(NARROWEST, paper.right - paper.left), height: paper.bottom - paper.top };
  const { fontFamily, color } = style;
  const above = wordsAbove(paper.fonts, figureText, content.width, fontFamily, color);
  const quiet = style.getPropertyValue("--hs-quiet").trim() || color;
  const below = wordsBelow(paper.fonts, figureText, content.width, fontFamily, quiet);
  const top = MARGIN + above.height + GAP;
  const bottom = top + content.height + GAP;
  const size = { width: Math.ceil(content.width + 2 * MARGIN), height: Math.ceil(bottom + below.height + MARGIN) };
  const parts = [
    tag("title", {}, escapeXml(figureText.title)),
    tag("desc", {}, escapeXml([figureText.caption, ...paper.notes].filter(Boolean).join(" "))),
    transparent ? "" : tag("rect", { ...size, fill: background }),
    shifted(MARGIN, MARGIN, above.marks),
    shifted(MARGIN - paper.left, top - paper.top, String(paper)),
    shifted(MARGIN, bottom, below.marks),
  ];
  const attributes = attributesText({ ...NAMESPACES, ...size, viewBox: `0 0 ${size.width} ${size.height}` });
  return { text: `<svg${attributes}>\n${parts.filter(Boolean).join("\n")}\n</svg>\n`, ...size };
}

function drawn(root: HTMLElement, background: string, { leaveOut, images = false }: SvgOptions): SvgPaper {
  const { left, top } = root.getBoundingClientRect();
  const paper = new SvgPaper({ x: left, y: top }, background, !images);
  unrolled(root, () => {
    for (const child of root.children) if (child instanceof HTMLElement) drawElement(paper, child, leaveOut);
  });
  if (!(paper.right > paper.left)) throw new Error("The view shows nothing that could be saved as a picture.");
  return paper;
}

/**
 * Expands scrolled boxes to their whole content while `draw` reads them, and scrolls them back afterwards. Scroll
 * events tell a view that draws only its visible part what that is.
 */
function unrolled(root: HTMLElement, draw: () => void): void {
  const scrolled = [...root.querySelectorAll("*")]
    .filter((box) => box.scrollHeight > box.clientHeight + 1 && box.clientHeight > 0 && isScrolled(box))
    .map((box) => ({ box, top: box.scrollTop, left: box.scrollLeft }));
  const dispatchScroll = () => {
    for (const { box } of scrolled) box.dispatchEvent(new Event("scroll"));
  };
  root.setAttribute("data-exporting", "");
  try {
    dispatchScroll();
    draw();
  } finally {
    root.removeAttribute("data-exporting");
    for (const { box, top, left } of scrolled) box.scrollTo({ top, left, behavior: "instant" });
    dispatchScroll();
  }
}

function isScrolled(box: Element): boolean {
  return /auto|scroll/.test(getComputedStyle(box).overflowY);
}

function shifted(x: number, y: number, marks: string): string {
  return marks && `<g transform="translate(${decimal(x)} ${decimal(y)})">\n${marks}\n</g>`;
}
