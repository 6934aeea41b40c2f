// Opens the calendar in the host of MCP Inspector, and goes to the next week there.

import { inPage } from "../support/chromium.mjs";

await inPage(async (page, { url, days, guests, later }) => {
  await page.goto(url);
  await page.getByRole("switch", { name: "Connect or disconnect" }).click({ force: true });
  await page.getByText("Apps", { exact: true }).click();
  await page.getByText("List bookings", { exact: true }).first().click();
  for (const [name, day] of Object.entries(days)) await page.getByLabel(name, { exact: true }).fill(day);
  await page.getByRole("button", { name: "Open App" }).click();

  // Inspector puts the view into a frame of a frame.
  const view = page.frameLocator("iframe").frameLocator("iframe");
  for (const guest of guests) await view.getByRole("button", { name: guest }).first().waitFor();
  await view.getByRole("button", { name: "Next week" }).click();
  for (const guest of later) await view.getByRole("button", { name: guest }).first().waitFor();
  return { frames: page.frames().map((frame) => frame.url()) };
});
