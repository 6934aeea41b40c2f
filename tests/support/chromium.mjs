// Opens Chromium for a script that Python starts: node script.mjs JSON. The script prints one JSON value.

import { createRequire } from "node:module";

const PATIENCE = 20_000; // ms; bounds every wait, and is not an expected duration

/** Run `task` with an empty page and the input of the script. Print its result, with the errors of the page. */
export async function inPage(task) {
  const { modules, chromium: executablePath, ...input } = JSON.parse(process.argv[2]);
  const { chromium } = createRequire(modules + "/")("playwright-core");
  // The sandbox of Chromium needs rights that a container does not give. Every page of a test is our own.
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    // The page needs no scrolling: right after it, Chromium may send a click to the frame that was in this place.
    const page = await browser.newPage({ viewport: { width: 1200, height: 2400 } });
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
