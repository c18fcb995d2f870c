/** Bundle the code of the notebook's widgets and of the standalone page into `python/headscope/static/`. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { check, STATIC } from "./bundle-sizes.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const common = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "none",
  charset: "utf8",
  outdir: fileURLToPath(STATIC),
  logLevel: "warning",
};

try {
  await build({
    ...common,
    format: "esm",
    entryPoints: [
      { in: "src/widget/store.ts", out: "store" },
      { in: "src/widget/view.ts", out: "widget" },
    ],
  });
  // A classic script: it is part of an exported page, and a page that is opened as a file may load no module.
  await build({
    ...common,
    format: "iife",
    globalName: "headscope",
    entryPoints: [{ in: "src/page/page.ts", out: "page" }],
  });
  // For a JavaScript engine without a browser: figures that Python draws by itself.
  await build({
    ...common,
    format: "iife",
    globalName: "headscopeFigure",
    entryPoints: [{ in: "src/figure/engine.ts", out: "figure" }],
  });
  await build({ ...common, entryPoints: [{ in: "style/widget.css", out: "widget" }] });
  check();
} catch (error) {
  // esbuild has already printed its own errors.
  if (!error.errors) console.error(error.message);
  process.exit(1);
}
