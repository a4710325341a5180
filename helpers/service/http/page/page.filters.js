// The settings of a search: those behind the button are shown beside it as chips where they are set.
import { filterChip } from "../../../widgets/elements.js";
import { $ } from "./page.parts.js";

const NAMED = [["metric", "distance"], ["score", "lowest score"], ["product", "product"]];

export function addSettings(body) {
  body.append("k", $("k").value);
  if ($("metric").value) body.append("metric", $("metric").value);
  if ($("score").value) body.append("min_score", $("score").value);
  if ($("product").value) body.append("product", $("product").value);
  return body;
}

// Whether all are in range; a message stands beside the first that is not.
export function settingsAreValid() {
  if (!$("ask").checkValidity()) openFilters(true);
  return $("ask").reportValidity();
}

// Calls `changed` after each change.
export function followSettings(changed) {
  for (const id of ["k", "metric", "score", "product"]) {
    $(id).onchange = () => {
      drawChips(changed);
      changed();
    };
  }
  $("filters").onclick = () => openFilters($("panel").hidden);
  $("size").oninput = () => $("grid").style.setProperty("--side", `${$("size").value}px`);
}

function drawChips(changed) {
  const set = NAMED.filter(([id]) => $(id).value);
  const chip = ([id, name]) => {
    const value = id === "metric" ? $(id).selectedOptions[0].textContent : $(id).value;
    return filterChip(`${name}: ${value}`, () => {
      $(id).value = "";
      drawChips(changed);
      changed();
    });
  };
  $("chips").replaceChildren(...set.map(chip));
  $("filters").textContent = set.length ? `Filters (${set.length})` : "Filters";
}

function openFilters(is) {
  $("panel").hidden = !is;
  $("filters").setAttribute("aria-expanded", is);
}
