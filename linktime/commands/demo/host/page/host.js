// The page of the host: one view at a time, and a list of the messages that it sends to the client.

import { Bridge, RpcError } from "./bridge.js";

const REVISION = "2026-01-26";
const INVALID_PARAMS = -32602;
const TEARDOWN = 500; // ms; a view that does not answer is removed
const TALLEST = 4000; // px

const view = document.getElementById("view");
const messages = document.getElementById("messages");
const theme = document.getElementById("theme");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

let scenes = [];
let shown; // the bridge of the view in the page

async function start() {
  scenes = await (await fetch("scenes")).json();
  const buttons = scenes.map((scene) => element("button", { type: "button", textContent: scene.title }));
  buttons.forEach((button, index) => button.addEventListener("click", () => choose(index)));
  document.getElementById("scenes").append(...buttons);
  theme.addEventListener("change", changeTheme);
  prefersDark.addEventListener("change", changeTheme);
  async function choose(index) {
    buttons.forEach((button, each) => button.setAttribute("aria-pressed", String(each === index)));
    await show(scenes[index]);
  }
  await choose(0);
}

async function show(scene) {
  await shown?.request("ui/resource-teardown", { reason: "the user chose another view" }, TEARDOWN);
  shown?.close();
  // Without allow-same-origin the view has an opaque origin: it reads nothing of this page.
  const frame = element("iframe", { title: scene.title });
  frame.setAttribute("sandbox", "allow-scripts");
  shown = new Bridge(frame, handlersFor(scene, frame));
  frame.src = scene.page;
  view.replaceChildren(frame);
}

function handlersFor(scene, frame) {
  return {
    "ui/initialize": () => ({
      protocolVersion: REVISION,
      hostInfo: { name: "linktime-mcp demo --view", version: "1" },
      hostCapabilities: {
        openLinks: {},
        downloadFile: {},
        serverTools: {},
        message: { text: {} },
        updateModelContext: { text: {}, structuredContent: {} },
      },
      hostContext: contextOf(scene),
    }),
    "ui/notifications/initialized": () => present(scene),
    "ui/notifications/size-changed": ({ height }) => {
      if (height > 0) frame.style.height = `${Math.min(height, TALLEST)}px`;
    },
    "ui/message": ({ content }) => note("Message to the assistant, as if you typed it", textOf(content)),
    "ui/update-model-context": ({ content, structuredContent }) => {
      const text = [textOf(content), structuredContent && JSON.stringify(structuredContent)].filter(Boolean);
      note("Context for the assistant's next answer", text.join("\n"));
    },
    "ui/open-link": ({ url }) => openLink(url),
    "ui/download-file": ({ contents }) => contents.forEach(offerDownload),
    "ui/request-display-mode": () => ({ mode: "inline" }),
    "tools/call": ({ name, arguments: chosen }) => call(name, chosen),
    ping: () => ({}),
  };
}

/** Send the view its arguments, and the result of the call that it belongs to. */
async function present(scene) {
  const bridge = shown;
  bridge.notify("ui/notifications/tool-input", { arguments: scene.arguments });
  try {
    bridge.notify("ui/notifications/tool-result", await call(scene.tool.name, scene.arguments));
  } catch (error) {
    bridge.notify("ui/notifications/tool-cancelled", { reason: error.message });
  }
}

/** Call a tool of the server. */
async function call(name, chosen = {}) {
  const response = await fetch("call", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, arguments: chosen }),
  });
  if (!response.ok) throw new RpcError(INVALID_PARAMS, `The call was refused: ${response.status}.`);
  const { result, error } = await response.json();
  if (error) throw new RpcError(error.code, error.message);
  return result;
}

function contextOf(scene) {
  return {
    toolInfo: { tool: scene.tool },
    theme: themeNow(),
    displayMode: "inline",
    availableDisplayModes: ["inline"],
    containerDimensions: { maxHeight: TALLEST },
    locale: navigator.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    userAgent: "linktime-mcp demo --view",
    platform: "web",
    deviceCapabilities: {
      touch: matchMedia("(pointer: coarse)").matches,
      hover: matchMedia("(hover: hover)").matches,
    },
  };
}

function themeNow() {
  return theme.value || (prefersDark.matches ? "dark" : "light");
}

function changeTheme() {
  document.documentElement.dataset.theme = themeNow();
  shown?.notify("ui/notifications/host-context-changed", { theme: themeNow() });
}

// The user decides: the page only shows the address.
function openLink(url) {
  const { protocol } = new URL(url);
  if (!["http:", "https:"].includes(protocol)) throw new RpcError(INVALID_PARAMS, `No ${protocol} links.`);
  note("Link to open", element("a", { href: url, target: "_blank", rel: "noreferrer", textContent: url }));
}

function offerDownload({ resource = {} }) {
  const name = resource.uri?.split("/").pop() || "file";
  const bytes = resource.text ?? Uint8Array.from(atob(resource.blob ?? ""), (char) => char.charCodeAt(0));
  const href = URL.createObjectURL(new Blob([bytes], { type: resource.mimeType }));
  note("File to save", element("a", { href, download: name, textContent: name }));
}

function textOf(content = []) {
  return content.map((block) => block.text ?? `(${block.type})`).join("\n");
}

/** Add an entry to the list of messages. Its body is a text or an element. */
function note(title, body) {
  const entry = element("li", {});
  entry.append(element("strong", { textContent: title }));
  entry.append(typeof body === "string" ? element("pre", { textContent: body }) : body);
  messages.prepend(entry);
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

await start();
