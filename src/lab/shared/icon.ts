import { LabIcon } from "@jupyterlab/ui-components";

// A query and the keys that it attends to. `jp-icon3` takes the colour of JupyterLab's own icons.
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16" fill="none">
  <g class="jp-icon3" stroke="#616161" stroke-linecap="round">
    <path stroke-width="2.4" d="M4 8c4 0 4-4.5 8-4.5"/>
    <path stroke-width="1.2" d="M4 8h8"/>
    <path stroke-width="0.7" d="M4 8c4 0 4 4.5 8 4.5"/>
  </g>
  <g class="jp-icon3" fill="#616161">
    <circle cx="3" cy="8" r="2"/><circle cx="13" cy="3.5" r="1.6"/><circle cx="13" cy="8" r="1.6"/>
    <circle cx="13" cy="12.5" r="1.6"/>
  </g>
</svg>`;

export const headscopeIcon = new LabIcon({ name: "headscope:icon", svgstr: PICTURE });
