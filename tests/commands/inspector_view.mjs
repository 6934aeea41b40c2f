// Opens a view in the host of MCP Inspector, and uses it there.

import { inPage } from "../support/chromium.mjs";

const uses = {
  /** Go to the next week. */
  async "List bookings"(view, { guests, later }) {
    for (const guest of guests) await view.getByRole("button", { name: guest }).first().waitFor();
    await view.getByRole("button", { name: "Next week" }).click();
    for (const guest of later) await view.getByRole("button", { name: guest }).first().waitFor();
  },
  /** Choose a slot of the later days, and look at it on the full screen. */
  async "Check availability"(view, { first, later }) {
    const slot = (start) => view.locator(`.slot[data-key="${start}"]`);
    await slot(first).waitFor();
    await view.getByRole("button", { name: "Later days" }).click();
    await slot(later).click();
    await view.getByRole("button", { name: "Choose" }).click();
    // Inspector declares no messages of a view.
    const words = await view.locator(".type code").textContent();
    await view.getByRole("button", { name: "Full screen" }).click();
    await view.getByRole("button", { name: "Leave the full screen" }).click();
    await view.getByRole("button", { name: "Full screen" }).waitFor();
    return { words, time: await slot(later).locator("time").textContent() };
  },
};

await inPage(async (page, { url, tool, values, ...expected }) => {
  await page.goto(url);
  await page.getByRole("switch", { name: "Connect or disconnect" }).click({ force: true });
  await page.getByText("Apps", { exact: true }).click();
  await page.getByText(tool, { exact: true }).first().click();
  for (const [name, value] of Object.entries(values)) {
    await page.getByLabel(new RegExp(`^${name}( *\\*)?$`)).fill(value); // a required field has a star
  }
  await page.getByRole("button", { name: "Open App" }).click();

  // Inspector puts the view into a frame of a frame.
  const view = page.frameLocator("iframe").frameLocator("iframe");
  const seen = await uses[tool](view, expected);
  return { ...seen, frames: page.frames().map((frame) => frame.url()) };
});
