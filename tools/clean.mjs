/** Remove the build's output, so that nothing stale is shipped. */
import { rmSync } from "node:fs";

const BUILT = ["lib", "python/headscope/static", "python/headscope/labextension"];

for (const path of BUILT) {
  rmSync(new URL(`../${path}`, import.meta.url), { recursive: true, force: true });
}
