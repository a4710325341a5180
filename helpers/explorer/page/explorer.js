// The page of the explorer. The kernel sets three traits, and answers the rest by messages (`explorer.py`):
//   _state   settings, question, trail, message          _rows    what is shown, in order: photo numbers
//   _picked  what is selected
// A photo is known by its number: a row of the collection, or below zero one from outside.
// File names come from other people: they go into the page as text alone.
import { make } from "../../widgets/elements.js";
import { Thumbnails } from "../../widgets/thumbnails.js";
import { Toasts } from "../../widgets/toasts.js";
import { Selection, Wire, photosIn } from "../../widgets/wire.js";
import { Controls } from "./controls.js";
import { Gallery } from "./gallery.js";
import { LargePhoto } from "./large_view.js";
import { Parts } from "./parts.js";
import { sendPhoto, takeFiles } from "./uploads.js";

function render({ model, el }) {
  const root = make("div", { className: "kinframe-widget kinframe-gallery kinframe-explorer", role: "application", "aria-label": "Photo explorer" });
  const wire = new Wire(model);
  const request = (name, content) => wire.request({ do: name, ...content });
  const state = () => model.get("_state");

  // What keys, buttons and clicks do.
  const act = {
    ask: (photo) => request("ask", { photo }),
    mark: (photo, like) => request("mark", { photo, like }),
    region: (photo, box) => request("region", { photo, box }),
    want: (photo) => request("large", { photo }),
    step: (steps) => request("move", { steps }),
    browse: () => request("browse"),
    startOver: () => {
      if (state().question) request("browse");
      if (controls.filters.count) controls.filters.clear();
    },
    words: (text) => request("words", { text }),
    type: () => controls.text.focus(),
    set: (values) => request("set", { values }),
    give: (label) => request("give", { label }),
    undo: () => request("undo"),
    event: (photo) => photo !== undefined && state().events && request("event", { photo }),
    judge: (photos, yes) => state().judging && request("judge", { photos, yes }),
    verdict: (yes) => gallery.judge(yes),
    unjudge: () => state().judging && request("unjudge"),
    sightings: () => request("sightings"),
    rank: () => request("rank"),
    send: (to) => request("export", { to }),
    filter: () => controls.filters.focus(),
    clear: () => controls.filters.clear(),
    resize: (side) => gallery.resize(side),
    showSelected: () => request("selected"),
    query: () => state().question?.like[0],
    keeps: () => state().keep, // whether labels and copies are written
    select: (photos) => {
      showSelected(photos);
      selection.send(photos);
    },
    label: () => gallery.picked.size && state().keep && controls.label.focus(),
    backTo: (photo) => {
      gallery.find(photo);
      act.goOn();
    },
    goOn: () => gallery.element.focus({ preventScroll: true }),
    compare: (photo) => {
      const chosen = gallery.order.filter((each) => gallery.picked.has(each));
      const [first, ...others] = chosen.length > 1 ? chosen : [act.query(), photo];
      if (others[0] === undefined) return;
      large.open(others[0], chosen.length > 1 ? chosen : gallery.order, state().about, act.backTo);
      large.compare(first);
    },
    open: (photo) => large.open(photo, gallery.order.includes(photo) ? gallery.order : [photo], state().about, act.backTo),
    upload(file) {
      const most = state().largest;
      if (file.size > most) return toasts.say(`${file.name} is larger than ${most / 1e6} MB; make it smaller first.`, true);
      sendPhoto(wire, file);
    },
  };

  const controls = new Controls(act);
  const toasts = new Toasts();
  const thumbnails = new Thumbnails(wire, (photos) => {
    gallery.refill(photos);
    const asked = state().trail.flatMap((step) => (step ? [...step.like, ...step.unlike] : []));
    if (asked.some((photo) => photos.includes(photo))) controls.showQueries(state(), thumbnails);
  }, { batch: 60, kept: 3000 });
  controls.title.append(wire.spinner);
  root.append(wire.alarm, controls.trail, controls.bar, controls.filters.panel, controls.judging, controls.title);
  const parts = new Parts(wire, (photos) => gallery.refill(photos), { batch: 20, kept: 1000 });
  const view = make("div", { className: "kf-view" });
  const gallery = new Gallery(view, thumbnails, parts, act);
  view.append(toasts.element);
  root.append(view, controls.foot, controls.help);
  const large = new LargePhoto(root, act);

  function showSelected(photos) {
    gallery.pick(photos);
    controls.showStatus(state(), gallery.order.length, photos.length);
  }

  function update() {
    const now = state();
    const question = now.question ?? { like: [], unlike: [] };
    const marks = { like: new Set(question.like), unlike: new Set(question.unlike) };
    const judged = { confirmed: new Set(now.judging?.confirmed), rejected: new Set(now.judging?.rejected) };
    gallery.captioned = now.captions;
    gallery.show(photosIn(model.get("_rows")), now.about, marks, now.found, judged);
    large.judging.hidden = !now.judging;
    controls.show(now, gallery.order.length, gallery.picked.size, thumbnails);
    toasts.follow(now);
  }

  wire.listen({
    photos: (content, buffers) => thumbnails.take(content, buffers),
    parts: (content, buffers) => parts.take(content, buffers),
    large: (content, buffers) => large.take(content, buffers),
    labels: (content) => gallery.relabel(content.labels),
  });
  wire.on("change:_state", update);
  const selection = new Selection(wire, showSelected);
  takeFiles(root, act.upload);

  el.append(root);
  gallery.picked = new Set(selection.inKernel);
  update();
  return () => {
    wire.close();
    thumbnails.close();
    parts.close();
    gallery.close();
    toasts.close();
    large.end();
    root.remove();
  };
}

export default { render };
