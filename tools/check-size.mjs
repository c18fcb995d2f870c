/** Check that what was built is no larger than it may be. */
import { check } from "./bundle-sizes.mjs";

try {
  check();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
