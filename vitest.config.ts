import { defineConfig } from "vitest/config";

/** The tests that stand beside the sources; `ui-tests/` has its own configuration. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // For what hangs: how long a test takes on a busy machine is none of its business.
    testTimeout: 60_000,
    // `make test` turns it on for all tests; a run of some tests alone would miss the thresholds.
    coverage: {
      include: ["src/core/**", "src/draw/**", "src/sources/**"],
      exclude: ["**/*.test.ts", "**/*.gen.ts"],
      reporter: ["text"],
      reportsDirectory: "build/coverage/typescript",
      thresholds: {
        "src/core/**": { lines: 99 },
        "src/draw/**": { lines: 99 },
        "src/sources/**": { lines: 97 },
      },
    },
  },
});
