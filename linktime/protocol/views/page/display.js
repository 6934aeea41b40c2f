/** The display mode of a view: a button for the full screen, if the host has it. */

import { announce, button } from "./dom.js";

const NAMES = { fullscreen: "Full screen", inline: "Leave the full screen" };

/** Make the button for the other display mode, or return null if the host does not list that mode. */
export function displayButton({ chat, hostContext, adapt }) {
  const { displayMode, availableDisplayModes } = hostContext;
  const mode = displayMode === "fullscreen" ? "inline" : "fullscreen";
  if (!Array.isArray(availableDisplayModes) || !availableDisplayModes.includes(mode)) return null;
  const change = async () => {
    const now = await chat.display(mode); // the host may choose another mode, or refuse
    if (now) adapt({ displayMode: now });
    if (now !== mode) announce("The client did not change the display mode.");
  };
  return button("⤢", change, { class: "icon", "aria-label": NAMES[mode], "data-key": "display" });
}
