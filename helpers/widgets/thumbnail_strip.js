// Photos to click on. File names come from other people: they go into the page as text alone.
import { make } from "./elements.js";

function render({ model, el }) {
  const root = make("div", { className: "kinframe-widget kinframe-photos", role: "group", "aria-label": "Photos" });
  let addresses = [];

  const forget = () => addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));

  function picture(jpeg) {
    if (!jpeg) return make("span", { className: "kf-lost", textContent: "cannot be read" });
    addresses.push(URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" })));
    return make("img", { src: addresses[addresses.length - 1], alt: "", draggable: false });
  }

  function show() {
    const focused = [...root.children].indexOf(root.getRootNode().activeElement);
    forget();
    const jpegs = model.get("_jpegs");
    const photos = model.get("_names").map(({ text, name, marked }, place) => {
      const properties = { type: "button", className: `kinframe-photo ${marked ? "kinframe-chosen" : ""}`, title: name, "aria-label": name };
      const onclick = () => model.send({ click: place });
      return make("button", { ...properties, "aria-pressed": String(marked), onclick }, picture(jpegs[place]), make("span", { textContent: text }));
    });
    root.replaceChildren(...photos);
    root.children[focused]?.focus({ preventScroll: true });
  }

  model.on("change:_names", show);
  show();
  el.append(root);
  return () => {
    model.off("change:_names", show);
    forget();
  };
}

export default { render };
