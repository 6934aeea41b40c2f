// Opens the calendar of `linktime-mcp demo --view`, goes to the next week, and opens the free times.

import { inPage } from "../support/chromium.mjs";

await inPage(async (page, { url, guests, later }) => {
  await page.goto(url);
  const view = page.frameLocator('iframe[title="Calendar"]');
  for (const guest of guests) await view.getByRole("button", { name: guest }).first().waitFor();
  const height = await grown(page);
  await view.getByRole("button", { name: "Next week" }).click();
  for (const guest of later) await view.getByRole("button", { name: guest }).first().waitFor();
  await page.getByRole("button", { name: "Free times" }).click();
  const picker = page.frameLocator('iframe[title="Free times"]');
  const slots = picker.getByRole("button", { name: /\d\d?:\d\d/ });
  await slots.first().waitFor();
  await grown(page); // a click into a frame that grows may miss
  await slots.first().click();
  await picker.getByRole("button", { name: /^Choose/ }).click();
  await page.locator("#messages li").first().waitFor();
  return { height, slots: await slots.count(), messages: await page.locator("#messages pre").allTextContents() };
});

/** Wait until the frame has the height of its view. Return it. */
async function grown(page) {
  const height = await page.waitForFunction(() => {
    const { clientHeight } = document.querySelector("iframe");
    return clientHeight > 300 && clientHeight;
  });
  return height.jsonValue();
}
