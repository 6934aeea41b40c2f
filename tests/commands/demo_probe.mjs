// Plays a view that uses all that the host of the demo offers, and tries what it must not be able to do.

import { axeViolations, inPage } from "../support/chromium.mjs";

const REQUESTS = [
  ["call", "tools/call", { name: "list_contacts", arguments: { limit: 1 } }],
  ["failedCall", "tools/call", { name: "list_contacts", arguments: { limit: "x" } }],
  ["unknownTool", "tools/call", { name: "no_such_tool", arguments: {} }],
  ["message", "ui/message", { role: "user", content: [{ type: "text", text: "I choose <b>Tuesday</b>" }] }],
  ["context", "ui/update-model-context", { structuredContent: { startTime: "2026-12-01T15:00:00.000Z" } }],
  ["link", "ui/open-link", { url: "https://meet.example/1" }],
  ["script", "ui/open-link", { url: "javascript:alert(1)" }],
  [
    "download",
    "ui/download-file",
    {
      contents: [
        { type: "resource", resource: { uri: "file:///a.ics", mimeType: "text/calendar", text: "BEGIN:VCALENDAR" } },
      ],
    },
  ],
  ["mode", "ui/request-display-mode", { mode: "fullscreen" }],
  ["unknown", "sampling/createMessage", {}],
];

await inPage(async (page, { url }) => {
  await page.goto(url);
  await page.locator("iframe").waitFor();
  const probe = await probeOf(page);
  const ask = (method, params) => probe.evaluate(([name, values]) => window.ask(name, values), [method, params]);

  const answers = {};
  for (const [name, method, params] of REQUESTS) answers[name] = await ask(method, params);
  const escapes = await probe.evaluate(async (address) => {
    const attempt = async (task) => {
      try {
        return String(await task());
      } catch {
        return "refused";
      }
    };
    return {
      parent: await attempt(() => window.parent.document.title),
      storage: await attempt(() => localStorage.length),
      network: await attempt(() => fetch(address).then((response) => response.status)),
      calls: await attempt(() => fetch(new URL("call", location.href), { method: "POST" }).then((each) => each.status)),
      window: String(window.open(address)),
    };
  }, url);
  await probe.evaluate(() => window.notify("ui/notifications/size-changed", { width: 300, height: 777 }));
  await page.waitForFunction(() => document.querySelector("iframe").clientHeight === 777);
  const light = await axeViolations(page);
  await page.selectOption("#theme", "dark");
  await probe.waitForFunction(() => window.received.some(({ method }) => method?.endsWith("host-context-changed")));

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("a.ics").click()]);
  const messages = await page.locator("#messages li pre").allTextContents();
  const links = await page.locator("#messages a").evaluateAll((all) => all.map((link) => link.href));
  const violations = [...light, ...(await axeViolations(page))];
  const received = await probe.evaluate(() => window.received);
  const before = probe.url();
  await page.getByRole("button", { name: "Second" }).click();
  await page.locator('iframe[title="Second"]').waitFor();
  return {
    answers,
    escapes,
    messages,
    links,
    received,
    violations,
    sandbox: await page.locator("iframe").getAttribute("sandbox"),
    file: download.suggestedFilename(),
    leaks: before.includes(new URL(url).pathname),
  };
});

async function probeOf(page) {
  const frame = await (await page.locator("iframe").elementHandle()).contentFrame();
  await frame.waitForFunction(() => window.received?.some(({ method }) => method?.endsWith("tool-result")));
  return frame;
}
