import { defineConfig } from "vitest/config";
import { WORKERS } from "./harness/workers";

/** Files run side by side, each worker with a JupyterLab and a Chromium of its own; the tests of a file run in turn. */
export default defineConfig({
  test: {
    include: ["ui-tests/**/*.test.ts"],
    globalSetup: ["ui-tests/harness/setup.ts"],
    pool: "forks",
    maxWorkers: WORKERS,
    minWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 60_000,
    // A state that is awaited comes when a busy machine lets it; one that does not come fails all the same.
    expect: { poll: { timeout: 30_000 } },
    teardownTimeout: 30_000,
  },
});
