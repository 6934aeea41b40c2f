/**
 * Plays the host of a view in a headless browser. Commands come as JSON lines on stdin, and answers go to stdout.
 *
 * `node view_driver.mjs MODULES CHROMIUM`: the directory with playwright-core and axe-core, and the browser's path.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PATIENCE = 10_000; // ms for one step of the browser
const [modules, executablePath] = process.argv.slice(2);
const load = createRequire(join(modules, "driver.cjs"));
const { chromium } = load("playwright-core");
const axe = readFileSync(join(modules, "axe-core", "axe.min.js"), "utf8");

const ARGUMENTS = ["--no-sandbox", "--disable-gpu"];

const HOST = `<!doctype html><html lang="en"><title>Host</title><style>
html, body, iframe { margin: 0; border: 0; width: 100%; }
iframe { display: block; height: 100vh; }
</style>`;

/** The host in its page. It keeps all messages of the view, and answers its requests. */
function play({ html, replies, first, onReady }) {
  const frame = document.createElement("iframe");
  Object.assign(frame, { title: "view", srcdoc: html });
  frame.sandbox.add("allow-scripts");
  window.messages = [];
  window.replies = replies; // by method: a list of answers, of which the last one stays
  window.post = (message) => frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const early = []; // messages before the clock of the view is that of the test
  const take = (data) => {
    window.messages.push(data);
    if (data.method === "ui/initialize") first.forEach((message) => window.post(message));
    const answers = window.replies[data.method] ?? [{ error: { code: -32601, message: "Method not found" } }];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (data.id !== undefined && data.method && answer) window.post({ id: data.id, ...answer });
    if (data.method === "ui/notifications/initialized") onReady.forEach((message) => window.post(message));
    if (data.method === "ui/notifications/size-changed") frame.style.height = data.params.height + "px";
  };
  let receive = (data) => early.push(data);
  window.begin = () => {
    receive = take;
    early.forEach(take);
  };
  addEventListener("message", ({ source, data }) => {
    if (source === frame.contentWindow) receive(data);
  });
  document.body.append(frame);
}

const browser = await chromium.launch({ executablePath, args: ARGUMENTS, timeout: 30_000 });
let context;
let page;
let frame;
let outside; // requests that left the page, and errors in it

const commands = {
  async open({ html, replies, first, onReady, time, ...options }) {
    await context?.close();
    outside = [];
    context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE);
    await context.route("**", (route) => {
      outside.push(route.request().url());
      return route.abort();
    });
    await context.clock.install({ time });
    page = await context.newPage();
    page.on("pageerror", (error) => outside.push(String(error)));
    page.on("console", (message) => message.type() === "error" && outside.push(message.text()));
    await page.setContent(HOST);
    await page.evaluate(play, { html, replies, first, onReady });
    frame = await (await page.waitForSelector("iframe")).contentFrame();
    await frame.waitForSelector("#view");
    await commands.wait(`Math.abs(Date.now() - ${Date.parse(time)}) < 600_000`);
    await page.evaluate(() => window.begin());
  },
  post: (message) => page.evaluate((each) => window.post(each), message),
  reply: (replies) => page.evaluate((each) => void Object.assign(window.replies, each), replies),
  messages: () => page.evaluate(() => window.messages),
  heard: (method) =>
    page.waitForFunction((name) => window.messages.some((each) => each.method === name), method).then(() => null),
  async wait(expression) {
    // The page forbids eval, so that waitForFunction can't repeat an expression.
    for (const end = Date.now() + PATIENCE; !(await frame.evaluate(expression));) {
      if (Date.now() > end) throw new Error(`still false: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  },
  evaluate: (expression) => frame.evaluate(expression),
  click: (selector) => frame.click(selector),
  press: (key) => page.keyboard.press(key),
  pass: (milliseconds) => page.clock.runFor(milliseconds),
  resize: ([width, height]) => page.setViewportSize({ width, height }),
  outside: () => outside,
  async axe() {
    await frame.evaluate(axe);
    const { violations } = await frame.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    return violations.map(({ id, nodes }) => [
      id,
      nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
    ]);
  },
  async picture(path) {
    const { width } = page.viewportSize();
    const height = await frame.evaluate(() => Math.ceil(document.body.getBoundingClientRect().height));
    await page.setViewportSize({ width, height });
    await page.locator("iframe").screenshot({ path, animations: "disabled" });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[command](argument)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
await browser.close();
