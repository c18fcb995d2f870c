/** How VS Code's own themes look to a webview, with the values of `theme-defaults` and of VS Code's colour registry. */
export interface Theme {
  /** The class of the webview's body. */
  readonly kind: "vscode-light" | "vscode-dark" | "vscode-high-contrast" | "vscode-high-contrast-light";
  readonly colors: Readonly<Record<string, string>>;
}

const LIGHT_MODERN: Theme = {
  kind: "vscode-light",
  colors: {
    foreground: "#3b3b3b",
    descriptionForeground: "#3b3b3b",
    errorForeground: "#f85149",
    focusBorder: "#005fb8",
    "editor-background": "#ffffff",
    "editor-foreground": "#3b3b3b",
    "editorWidget-background": "#f8f8f8",
    "editorWidget-foreground": "#3b3b3b",
    "widget-border": "#e5e5e5",
    "panel-border": "#e5e5e5",
    "button-background": "#005fb8",
    "button-foreground": "#ffffff",
    "input-background": "#ffffff",
    "input-foreground": "#3b3b3b",
    "input-border": "#cecece",
    "textLink-foreground": "#005fb8",
    "textLink-activeForeground": "#005fb8",
    "notebook-cellEditorBackground": "#f8f8f8",
    "scrollbarSlider-background": "rgba(100, 100, 100, 0.4)",
  },
};

const DARK_MODERN: Theme = {
  kind: "vscode-dark",
  colors: {
    foreground: "#cccccc",
    descriptionForeground: "#9d9d9d",
    errorForeground: "#f85149",
    focusBorder: "#0078d4",
    "editor-background": "#1f1f1f",
    "editor-foreground": "#cccccc",
    "editorWidget-background": "#202020",
    "editorWidget-foreground": "#cccccc",
    "widget-border": "#313131",
    "panel-border": "#2b2b2b",
    "button-background": "#0078d4",
    "button-foreground": "#ffffff",
    "input-background": "#313131",
    "input-foreground": "#cccccc",
    "input-border": "#3c3c3c",
    "textLink-foreground": "#4daafc",
    "textLink-activeForeground": "#4daafc",
    "notebook-cellEditorBackground": "#181818",
    "scrollbarSlider-background": "rgba(121, 121, 121, 0.4)",
  },
};

const DARK_HIGH_CONTRAST: Theme = {
  kind: "vscode-high-contrast",
  colors: {
    foreground: "#ffffff",
    descriptionForeground: "rgba(255, 255, 255, 0.7)",
    errorForeground: "#f48771",
    focusBorder: "#f38518",
    contrastBorder: "#6fc3df",
    contrastActiveBorder: "#f38518",
    "editor-background": "#000000",
    "editor-foreground": "#ffffff",
    "editorWidget-background": "#0c141f",
    "editorWidget-foreground": "#ffffff",
    "widget-border": "#6fc3df",
    "panel-border": "#6fc3df",
    "button-foreground": "#ffffff",
    "input-background": "#000000",
    "input-foreground": "#ffffff",
    "input-border": "#6fc3df",
    "textLink-foreground": "#21a6ff",
    "textLink-activeForeground": "#21a6ff",
    "scrollbarSlider-background": "rgba(111, 195, 223, 0.6)",
  },
};

const LIGHT_HIGH_CONTRAST: Theme = {
  kind: "vscode-high-contrast-light",
  colors: {
    foreground: "#292929",
    descriptionForeground: "rgba(41, 41, 41, 0.7)",
    errorForeground: "#b5200d",
    focusBorder: "#006bbd",
    contrastBorder: "#0f4a85",
    contrastActiveBorder: "#006bbd",
    "editor-background": "#ffffff",
    "editor-foreground": "#292929",
    "editorWidget-background": "#ffffff",
    "editorWidget-foreground": "#292929",
    "widget-border": "#0f4a85",
    "panel-border": "#0f4a85",
    "button-background": "#0f4a85",
    "button-foreground": "#ffffff",
    "input-background": "#ffffff",
    "input-foreground": "#292929",
    "input-border": "#0f4a85",
    "textLink-foreground": "#0f4a85",
    "textLink-activeForeground": "#0f4a85",
    "scrollbarSlider-background": "rgba(15, 74, 133, 0.4)",
  },
};

export const THEMES = {
  "Default Light Modern": LIGHT_MODERN,
  "Default Dark Modern": DARK_MODERN,
  "Default High Contrast": DARK_HIGH_CONTRAST,
  "Default High Contrast Light": LIGHT_HIGH_CONTRAST,
} as const;

export type ThemeName = keyof typeof THEMES;

/** The other variables that VS Code sets on a webview's root; the font families are those of Linux. */
const FONTS = {
  "font-family": 'system-ui, "Ubuntu", "Droid Sans", sans-serif',
  "font-weight": "normal",
  "font-size": "13px",
  "editor-font-family": '"Droid Sans Mono", "monospace", monospace',
  "editor-font-weight": "normal",
  "editor-font-size": "14px",
};

/** Applies a theme to a page as VS Code does: variables on the root, a class and data attributes on the body. */
export function applyTheme(name: ThemeName): void {
  const { kind, colors } = THEMES[name];
  const { style } = document.documentElement;
  const stale = [...style].filter((property) => property.startsWith("--vscode-"));
  for (const property of stale) style.removeProperty(property);
  for (const [property, value] of Object.entries({ ...FONTS, ...colors })) {
    style.setProperty(`--vscode-${property}`, value);
  }
  const { body } = document;
  const kinds = Object.values(THEMES).map((theme) => theme.kind);
  body.classList.remove(...kinds);
  body.classList.add(kind);
  // VS Code does so to support older extensions.
  if (kind === "vscode-high-contrast-light") body.classList.add("vscode-high-contrast");
  Object.assign(body.dataset, { vscodeThemeKind: kind, vscodeThemeName: name, vscodeThemeId: name });
}
