// Opens Chromium for a script that Python starts: node script.mjs JSON. The script prints one JSON value.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { modules, chromium: executablePath, locale, ...input } = JSON.parse(process.argv[2]);
const require = createRequire(modules + "/");
const PATIENCE = 20_000; // ms; bounds every wait, and is not an expected duration

/** Run `task` with an empty page and the input of the script. Print its result, with the errors of the page. */
export async function inPage(task) {
  const { chromium } = require("playwright-core");
  // The sandbox of Chromium needs rights that a container does not give. Every page of a test is our own.
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    // The page needs no scrolling: right after it, Chromium may send a click to the frame that was in this place.
    const page = await browser.newPage({ locale, viewport: { width: 1200, height: 2400 } });
    page.setDefaultTimeout(PATIENCE);
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    const result = await task(page, input);
    console.log(JSON.stringify({ ...result, errors }));
  } finally {
    await browser.close();
  }
}

/** Return the ids of the rules of axe that a page or a frame breaks. */
export async function axeViolations(frame) {
  await frame.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8"));
  return frame.evaluate(async () => {
    const { violations } = await globalThis.axe.run({ exclude: "iframe" });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 100)}`);
  });
}
