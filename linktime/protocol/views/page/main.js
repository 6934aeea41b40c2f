/** The start of a view. */
import { Host, PROTOCOL_VERSION } from "./host.js";

const view = document.documentElement.dataset.view;
const root = document.getElementById("view");
const host = new Host({
  "ui/notifications/tool-result": (result) => {
    root.textContent = (result.content ?? []).map((block) => block.text ?? "").join("\n");
    root.ariaBusy = "false";
  },
});
await host.request("ui/initialize", {
  protocolVersion: PROTOCOL_VERSION,
  appInfo: { name: `linktime-${view}`, version: "1" },
  appCapabilities: { availableDisplayModes: ["inline"] },
});
host.notify("ui/notifications/initialized");
