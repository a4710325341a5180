// The page of the map. The kernel sets four traits, and answers the rest by messages (`map.py`):
//   _positions   x and y of each photo, float32           _codes    what it is coloured by, a byte a photo
//   _picked      what is selected                         _state    legend, settings, message
// A photo is known by its number, its row of the collection.
// File names come from other people: they go into the page as text alone.
import { button, commonKeys, counted, field, grouped, keyHelp, make, setOptions } from "../../../widgets/elements.js";
import { Toasts } from "../../../widgets/toasts.js";
import { Selection, Wire, typedArray } from "../../../widgets/wire.js";
import { Gestures } from "./gestures.js";
import { Legend } from "./legend.js";
import { CLOSE, DecodedThumbnails, Painter } from "./painter.js";
import { Points } from "./points.js";
import { Preview } from "./preview.js";
import { SelectedPanel } from "./selected_panel.js";
import { Viewport } from "./viewport.js";

const KEYS = [
  ["wheel, pinch, + and −", "zoom; + towards what is selected, else the photos nearest to the middle"],
  ["drag, arrows", "move"],
  ["Home", "the whole map"],
  ["Shift and a drag, or Lasso (L) and a drag", "select what is inside; with Ctrl, these too"],
  ["click, Enter", "select the photo"],
  ["Ctrl and a click, Space", "select it too, or no longer"],
  ["Ctrl+A", "select all in view"],
  ["Escape", "clear the selection"],
  ["click on the legend", "show these, and the others in grey; with Ctrl, select them"],
];

const COMMON = [["Wheel", "zoom in to the photos"], ["Drag", "move"], ["Shift+drag", "lasso"], ["Click", "select"], ["Home", "whole map"]];

function render({ model, el }) {
  const root = make("div", { className: "kinframe-widget kinframe-map", role: "group", "aria-label": "Map of the collection" });
  const wire = new Wire(model);
  const state = () => model.get("_state");
  const points = new Points(typedArray(Float32Array, model.get("_positions")));
  const view = new Viewport(points);
  const bright = new Set(); // codes that are shown while the others are grey
  let codes = new Uint8Array(0);

  const canvas = make("canvas", {
    tabIndex: 0, role: "application",
    "aria-label": `Map of ${grouped(points.count)} photos: arrows move, plus and minus zoom, Space selects the photo in the middle`,
  });
  const toasts = new Toasts();
  const stage = make("div", { className: "kf-stage" }, canvas, toasts.element);
  const colourBy = (value) => wire.request({ do: "colour", by: value ? value.slice(1) : null });
  const colour = make("select", { name: "colour", onchange: () => colourBy(colour.value) });
  const lasso = button("Lasso", "Draw around photos to select them (L, or Shift and a drag)", () => act.lasso());
  lasso.setAttribute("aria-pressed", "false");
  const move = (by) => () => {
    by();
    drawSoon();
  };
  const closer = button("+", "Zoom in (+)", () => act.closer(1.6));
  const farther = button("−", "Zoom out (−)", move(() => view.zoom(1 / 1.6)));
  closer.setAttribute("aria-label", "Zoom in");
  farther.setAttribute("aria-label", "Zoom out");
  const whole = button("Whole map", "(Home)", move(() => view.fit()));
  const nothing = button("Clear selection", "(Escape)", () => act.none());
  const status = make("span", { className: "kf-status", role: "status" });
  const note = make("p", { className: "kf-note" });
  const legend = new Legend(
    (code) => {
      if (!bright.delete(code)) bright.add(code);
      legend.press(bright);
      paint();
    },
    (code) => act.select([...codes.keys()].filter((photo) => codes[photo] === code)),
  );
  root.append(
    wire.alarm,
    make("div", { className: "kf-row" }, lasso, closer, farther, whole, field("Colour by", colour), wire.spinner),
    stage, legend.element,
    make("div", { className: "kf-row" }, status, nothing),
    note, make("div", { className: "kf-row" }, commonKeys(COMMON), keyHelp(KEYS)),
  );
  el.append(root);

  const thumbnails = new DecodedThumbnails(wire, () => {
    drawSoon();
    panel.draw();
  }, { batch: 30, kept: 600 });
  const panel = new SelectedPanel(thumbnails, (photo) => act.selectAt(points.photos.indexOf(photo), true));
  legend.element.after(panel.element);
  const painter = new Painter(root, canvas, points, view, thumbnails);
  const preview = new Preview(stage);
  let middles = []; // of the kinds that have a colour
  let frame = 0;
  let resting = 0;
  let spot = null; // where the pointer is
  let aiming = false; // by keys, at the middle

  function drawSoon() {
    frame ||= requestAnimationFrame(draw);
  }

  function draw() {
    frame = 0;
    const place = aiming ? [view.wide / 2, view.tall / 2] : spot;
    const dragging = gestures.pointers.size > 0;
    painter.look();
    const active = place && !dragging ? painter.hit(...place, aiming ? Infinity : CLOSE) : null;
    painter.draw(gestures.loop, active, aiming);
    canvas.classList.toggle("kf-over", active !== null && !gestures.lassoing);
    const photo = active === null ? null : points.photos[active];
    if (photo === null) preview.hide();
    else preview.show(thumbnails.get(photo), ...(aiming ? view.at(points.x[active], points.y[active]) : place), view.wide, view.tall);
    if (dragging) return;
    clearTimeout(resting); // photos that only fly past are not asked for
    resting = setTimeout(() => {
      const wanted = painter.tiles.map((tile) => points.photos[tile.place]).reverse();
      thumbnails.want([...(photo === null ? [] : [photo]), ...panel.wanted, ...wanted]);
    }, 80);
  }

  function paint() {
    const { kind, kinds } = state().legend;
    points.paint(codes, kind, bright);
    painter.names = kind === "kinds" ? middles.filter(({ code }) => !bright.size || bright.has(code)) : [];
    drawSoon();
  }

  function showSelected(photos) {
    points.pick(photos);
    const { pickedCount, count } = points;
    status.textContent = pickedCount ? `${grouped(pickedCount)} of ${grouped(count)} selected` : counted(count, "photo");
    nothing.disabled = !pickedCount;
    panel.show(photos);
    paint();
  }

  // What keys, buttons and pointers do; see `Gestures`.
  const picked = () => [...points.picked.keys()].filter((photo) => points.picked[photo]);
  const act = {
    point(where) {
      [spot, aiming] = [where, where ? false : aiming];
      drawSoon();
    },
    aim(on) {
      aiming = on;
      if (on) spot = null;
      drawSoon();
    },
    aiming: () => aiming,
    moved: drawSoon,
    select(photos) {
      showSelected(photos);
      selection.send(photos);
    },
    selectAt(place, add) {
      if (place === null) return;
      const photo = points.photos[place];
      const photos = new Set(add ? picked() : []);
      if (!photos.delete(photo)) photos.add(photo);
      act.select([...photos]);
    },
    click(where, add) {
      spot = where;
      act.selectAt(painter.hit(...where), add);
    },
    closer(by) {
      painter.look();
      view.closer(by, ...(painter.nearestToMiddle() ?? [view.wide / 2, view.tall / 2]));
      drawSoon();
    },
    middle(add) {
      painter.look();
      act.selectAt(painter.hit(view.wide / 2, view.tall / 2, Infinity), add);
    },
    enclose(loop, add) {
      if (loop.length < 3) return;
      const inside = painter.within(loop);
      act.select(add ? [...new Set([...picked(), ...inside])] : inside);
    },
    all() {
      painter.look();
      const { seen, x, y, count } = painter;
      const inside = (each) => x[each] >= 0 && y[each] >= 0 && x[each] <= view.wide && y[each] <= view.tall;
      const photos = [];
      for (let each = 0; each < count; each++) if (inside(each)) photos.push(points.photos[seen[each]]);
      act.select(photos.sort((a, b) => a - b));
    },
    none() {
      bright.clear();
      legend.press(bright);
      if (points.pickedCount) act.select([]);
      else paint();
    },
    lasso() {
      gestures.lasso(!gestures.lassoing);
      lasso.setAttribute("aria-pressed", gestures.lassoing);
    },
  };
  const gestures = new Gestures(canvas, view, act);

  function update() {
    const now = state();
    const columns = now.colours.map((name) => [`=${name}`, name]); // "=", since a column may have an empty name
    setOptions(colour, [["", "nothing"], ...columns], now.colour === null ? "" : `=${now.colour}`);
    toasts.follow(now);
    note.hidden = !now.note;
    note.textContent = now.note;
    if (!legend.shows(now.legend)) bright.clear();
    codes = typedArray(Uint8Array, model.get("_codes"));
    middles = points.middles(codes, now.legend.kinds ?? []);
    legend.show(now.legend);
    paint();
  }

  function takeColours() {
    painter.takeColours();
    legend.takeColours();
    drawSoon();
  }

  wire.listen({ photos: (content, buffers) => thumbnails.take(content, buffers) });
  wire.on("change:_state", update);
  const selection = new Selection(wire, showSelected);

  const sized = new ResizeObserver(() => {
    view.size(canvas.clientWidth, canvas.clientHeight);
    if (canvas.clientWidth && !painter.tones) takeColours();
    else if (canvas.clientWidth) drawSoon();
  });
  sized.observe(stage);
  // The style sheet of a theme may come later than its name.
  const themes = new MutationObserver(() => [0, 500].forEach((wait) => setTimeout(takeColours, wait)));
  for (const each of [document.documentElement, document.body]) {
    themes.observe(each, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-jp-theme-name"] });
  }
  update();
  showSelected(selection.inKernel);
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(resting);
    sized.disconnect();
    themes.disconnect();
    wire.close();
    thumbnails.close();
    toasts.close();
    root.remove();
  };
}

export default { render };
