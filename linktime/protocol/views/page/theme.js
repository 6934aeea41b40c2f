/** The look of the host: its theme, its variables and its space. */

const NEEDED = [
  "--color-background-primary",
  "--color-background-secondary",
  "--color-text-primary",
  "--color-text-secondary",
];

/** Apply a host's context. Colours of the host are used only all together, so that text stays readable. */
export function applyTheme({ theme, styles, safeAreaInsets }) {
  const root = document.documentElement;
  const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "dark" : "light";
  root.style.colorScheme = root.dataset.theme; // for light-dark() in the host's variables
  const variables = styles?.variables ?? {};
  const hasColours = NEEDED.every((name) => variables[name]);
  for (const [name, value] of Object.entries(variables)) {
    const isUsed = /^--[a-z0-9-]+$/.test(name) && (hasColours || !name.startsWith("--color-"));
    if (isUsed && value) root.style.setProperty(name, value);
  }
  for (const [side, width] of Object.entries(safeAreaInsets ?? {}))
    root.style.setProperty(`--inset-${side}`, `${Number(width)}px`);
}

/** Report the height of the page whenever it changes. Return a function that ends it. */
export function reportHeight(report) {
  let last = 0;
  const observer = new ResizeObserver(() => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height !== last) report({ height });
    last = height;
  });
  observer.observe(document.body);
  return () => observer.disconnect();
}
