import { defineConfig } from "vitest/config";

/** One JupyterLab and one Chromium serve all files, which run one after another: the machine may have two cores. */
export default defineConfig({
  test: {
    include: ["ui-tests/**/*.test.ts"],
    globalSetup: ["ui-tests/harness/setup.ts"],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
