/** The start of a view: it connects to the host, and passes answers to the calendar or to the slot picker. */

import { Calendar } from "./calendar.js";
import { Chat } from "./chat.js";
import { Dates } from "./dates.js";
import { Host } from "./host.js";
import { Loader } from "./loader.js";
import { Slots } from "./slots.js";
import { Status } from "./status.js";
import { applyTheme, reportSize } from "./theme.js";
import { isZone } from "./times.js";

const TICK = 60_000; // ms; the line of the present moves, and past slots go

const name = document.documentElement.dataset.view;
const View = name === "slots" ? Slots : Calendar;
const root = document.getElementById("view");
const status = new Status();

let hostContext = {};
let input = {}; // the arguments of the model's call
let ticks = 0; // the timer of the present
let stopReports = () => {};

/** The surroundings of a view. `chat` and `loader` exist after the connection, and so before any answer. */
const context = {
  root,
  status,
  chat: null,
  loader: null,
  dates: new Dates(),
  user: null, // the zone of the user, or null
  now: () => Date.now(),
};
const view = new View(context);

const host = new Host(window.parent, {
  "ui/notifications/tool-input": ({ arguments: args }) => {
    input = args ?? {};
  },
  "ui/notifications/tool-input-partial": () => {},
  "ui/notifications/tool-result": (result) => {
    const args = { ...input, ...result._meta?.["linktime/readAs"] };
    context.loader.receive(result, args, View.loading);
    root.ariaBusy = "false";
  },
  "ui/notifications/tool-cancelled": ({ reason }) => {
    const retry = context.chat.canCall ? () => context.loader.load(input, View.loading) : null;
    status.cancelled(reason, retry);
    root.ariaBusy = "false";
  },
  "ui/notifications/host-context-changed": adapt,
  "ui/resource-teardown": () => {
    context.loader.stop();
    clearInterval(ticks);
    stopReports();
  },
  ping: () => {},
});

function adapt(change) {
  hostContext = { ...hostContext, ...change };
  const { locale, timeZone } = hostContext;
  context.dates = new Dates(locale);
  context.user = [timeZone, Intl.DateTimeFormat().resolvedOptions().timeZone].find(isZone) ?? null;
  document.documentElement.dir = context.dates.direction;
  document.documentElement.dataset.mode = hostContext.displayMode ?? "inline";
  applyTheme(hostContext);
  view.render();
}

async function start() {
  root.append(status.box);
  applyTheme({});
  status.loading(View.loading, true);
  const connected = await host.connect({ name: `linktime-${name}`, version: "{version}" });
  context.chat = new Chat(host, connected.hostCapabilities);
  context.loader = new Loader(context.chat, View.tool, status, (result, args) => view.answered(result, args));
  adapt(connected.hostContext);
  if (!("height" in (hostContext.containerDimensions ?? {}))) {
    stopReports = reportSize((size) => host.notify("ui/notifications/size-changed", size));
  }
  ticks = setInterval(() => view.tick(), TICK);
}

start();
