// Photos to click on. File names come from other people: they go into the page as text alone.
import { make } from "./elements.js";
import { likenessLine } from "./likeness.js";

function render({ model, el }) {
  const root = make("div", { className: "kinframe-widget kinframe-gallery kinframe-photos", role: "group", "aria-label": "Photos" });
  let addresses = [];
  let shown = ""; // the names of the photos

  const forget = () => addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));

  function picture(jpeg) {
    if (!jpeg) return make("span", { className: "kf-lost", textContent: "cannot be read" });
    addresses.push(URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" })));
    return make("img", { src: addresses[addresses.length - 1], alt: "", draggable: false });
  }

  function show() {
    const focused = focusedPlace();
    forget();
    const jpegs = model.get("_jpegs");
    const names = model.get("_names");
    const photos = names.map(({ text, name, marked, about }, place) => {
      const properties = { type: "button", className: `kinframe-photo ${marked ? "kinframe-chosen" : ""}`, title: name, "aria-label": name };
      const onclick = () => model.send({ click: place });
      const line = about ? [likenessLine(about)] : [];
      return make("button", { ...properties, "aria-pressed": String(marked), onclick }, picture(jpegs[place]), make("span", { textContent: text }), ...line);
    });
    const same = shown === JSON.stringify(names.map(({ name }) => name));
    const scrolled = same ? root.scrollTop : 0;
    shown = JSON.stringify(names.map(({ name }) => name));
    root.replaceChildren(...photos);
    root.scrollTop = scrolled;
    bringIntoView(photos.find((photo) => photo.matches(".kinframe-chosen")));
    reach(Math.max(0, root.children[focused] ? focused : photos.findIndex((photo) => photo.matches(".kinframe-chosen"))));
    root.children[focused]?.focus({ preventScroll: true });
  }

  // Within this list alone; the page stays where it is.
  function bringIntoView(photo) {
    if (!photo) return;
    const [top, bottom] = [photo.offsetTop, photo.offsetTop + photo.offsetHeight];
    if (top < root.scrollTop || bottom > root.scrollTop + root.clientHeight) root.scrollTop = top - 4;
  }

  const focusedPlace = () => [...root.children].indexOf(root.getRootNode().activeElement);

  // Tab reaches one photo, and then what comes after the photos; arrows go from photo to photo.
  function reach(place) {
    [...root.children].forEach((photo, each) => (photo.tabIndex = each === place ? 0 : -1));
  }

  function walk(event) {
    const [from, photos] = [focusedPlace(), [...root.children]];
    if (from < 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const row = photos.filter((photo) => photo.offsetTop === photos[0].offsetTop).length;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, ArrowUp: from - row, ArrowDown: from + row, Home: 0, End: photos.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would go to another cell
    photos[to]?.focus();
  }

  root.addEventListener("keydown", walk);
  root.addEventListener("focusin", () => reach(focusedPlace()));

  model.on("change:_names", show);
  show();
  el.append(root);
  return () => {
    model.off("change:_names", show);
    forget();
  };
}

export default { render };
