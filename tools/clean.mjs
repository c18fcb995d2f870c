/** Remove everything the build writes. */
import { rmSync } from "node:fs";

const BUILT = ["lib", "build", "dist", "python/headscope/static", "python/headscope/labextension"];

for (const path of BUILT) {
  rmSync(new URL(`../${path}`, import.meta.url), { recursive: true, force: true });
}
