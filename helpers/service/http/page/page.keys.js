// The keys that work wherever nobody is typing, as in the explorer, and the list of all of them.
import { commonKeys, keyHelp, keyOf } from "../../../widgets/elements.js";
import { $ } from "./page.parts.js";

const KEYS = [
  ["arrows, Home, End", "from image to image"],
  ["Enter, O, or a click", "large view"],
  ["A, or the button Find similar", "the images most similar to this one"],
  ["Backspace, or Alt and left arrow", "back along the trail"],
  ["/, W", "search in words"],
  ["Escape", "close a message"],
  ["Ctrl+V, or drop a file", "search with a photo, or an address, from the clipboard"],
  ["in the large view: left and right arrow", "the image before, the next one"],
  ["in the large view: wheel, + and −, 0", "zoom in and out, the whole image; a drag moves it"],
  ["in the large view: Enter, C, Escape", "find similar, compare with the query, close"],
];
const COMMON = [["Enter", "open"], ["A", "find similar"], ["Backspace", "back"], ["/", "search in words"], ["Ctrl+V", "search with a photo"]];

export function followKeys({ back, close }) {
  $("help").append(commonKeys(COMMON), keyHelp(KEYS));
  const toWords = () => $("text").focus();
  const acts = { "/": toWords, w: toWords, Backspace: back, Escape: close };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select");
    const key = keyOf(event);
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !(key in acts)) return;
    event.preventDefault();
    acts[key]();
  });
}
