import type { Printer } from "../core/printer";
import { pngOf } from "./png";
import { svgOf } from "./svg";

export const printer: Printer = { svg: svgOf, png: pngOf };
