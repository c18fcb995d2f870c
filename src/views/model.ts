export { headView as modelView } from "./head";
