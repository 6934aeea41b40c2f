// Opens the calendar of `linktime-mcp demo --view`, goes to the next week, and opens the free slots.

import { inPage } from "../support/chromium.mjs";

await inPage(async (page, { url, guests, later }) => {
  await page.goto(url);
  const view = page.frameLocator("iframe");
  for (const guest of guests) await view.getByText(guest).first().waitFor();
  const height = await page.locator("iframe").evaluate((frame) => frame.clientHeight);
  await view.getByRole("button", { name: "Next week" }).click();
  for (const guest of later) await view.getByText(guest).first().waitFor();
  await page.getByRole("button", { name: "Free slots" }).click();
  const slots = view.getByRole("button", { name: /\d\d?:\d\d/ });
  await slots.first().click();
  await page.locator("#messages li").first().waitFor();
  return { height, slots: await slots.count(), messages: await page.locator("#messages pre").allTextContents() };
});
