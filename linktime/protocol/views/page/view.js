/** The start of a view: it connects to the host, and passes answers to the calendar or to the slot picker. */

import { timeFormatOf } from "./answer.js";
import { Chat } from "./chat.js";
import { Dates } from "./dates.js";
import { element } from "./dom.js";
import { Host } from "./host.js";
import { Loader } from "./loader.js";
import { Status } from "./status.js";
import { applyTheme, reportHeight } from "./theme.js";
import { isZone } from "./times.js";

const TICK = 60_000; // ms; the line of the present moves, and past slots go

/**
 * Open a view.
 *
 * Its class has the static fields `tool`, `rows`, `title` and `loading`, and the methods `answered`, `render` and
 * `tick`.
 * @param View the class
 */
export async function open(View) {
  const root = document.getElementById("view");
  const status = new Status();
  let input = {}; // the arguments of the model's call
  let ticks = 0; // the timer of the present
  let stopReports = () => {};
  let timeFormat; // the account's, after an answer that notes it
  let begin; // settles the promise, after the connection
  const ready = new Promise((resolve) => (begin = resolve)); // a faulty host may send a result before

  // The surroundings of a view. `chat` and `loader` exist after the connection, and so before any answer.
  const context = {
    root,
    status,
    chat: null,
    loader: null,
    hostContext: {},
    adapt,
    dates: new Dates(),
    user: null,
    now: () => Date.now(),
  };
  const view = new View(context);

  function adapt(change) {
    const hostContext = { ...context.hostContext, ...change };
    context.hostContext = hostContext;
    context.dates = new Dates(hostContext.locale, timeFormat);
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    context.user = [hostContext.timeZone, own].find(isZone) ?? null;
    document.documentElement.dir = context.dates.direction;
    applyTheme(hostContext);
    view.render();
  }
  const answered = (result, args) => {
    timeFormat = timeFormatOf(result) ?? timeFormat;
    context.dates = new Dates(context.hostContext.locale, timeFormat);
    view.answered(result, args);
  };
  const received = (result) => {
    root.ariaBusy = "false";
    context.loader.receive(result, { ...input, ...result._meta?.["linktime/readAs"] }, View.loading);
  };
  const cancelled = ({ reason }) => {
    root.ariaBusy = "false";
    status.cancelled(reason, context.chat.canCall ? () => context.loader.load(input, View.loading) : null);
  };
  const teardown = () => {
    context.loader?.stop();
    clearInterval(ticks);
    stopReports();
  };

  const host = new Host(window.parent, {
    "ui/notifications/tool-input": (params) => void (input = params.arguments ?? {}),
    "ui/notifications/tool-result": (params) => void ready.then(() => received(params)),
    "ui/notifications/tool-cancelled": (params) => void ready.then(() => cancelled(params)),
    "ui/notifications/host-context-changed": adapt,
    "ui/resource-teardown": teardown,
    ping: () => {},
  });
  root.append(element("h1.spoken", {}, View.title), status.box);
  applyTheme({});
  status.loading(View.loading, true);
  const info = { name: `linktime-${document.documentElement.dataset.view}`, version: "{version}" };
  const connected = await host.connect(info).catch(({ message }) => {
    status.failed({ title: "No connection", word: "", text: message });
  });
  if (!connected) return;
  context.chat = new Chat(host, connected.hostCapabilities);
  context.loader = new Loader(context.chat, View, status, answered);
  adapt(connected.hostContext);
  begin();
  stopReports = reportHeight((size) => {
    const isFixed = context.hostContext.containerDimensions?.height !== undefined;
    if (!isFixed) host.notify("ui/notifications/size-changed", size);
  });
  ticks = setInterval(() => view.tick(), TICK);
}
