// A kernel that is none: it answers the explorer as `helpers.explorer.explorer` does, with drawn photos. `sent` is what it heard.
import explorer from "./explorer.js";

export function mock(count, changes = {}) {
  const listeners = {};
  const rows = (list) => new DataView(Uint32Array.from(list).buffer);
  const traits = {
    _rows: rows([...Array(count).keys()]),
    _picked: rows([]),
    _state: {
      k: 20, metric: "euclidean", hide: true, sort: "distance", descending: false, folder: null, name: "", since: "",
      people: false, hidden: 0, until: "", column: "", value: "", stamp: 1, count, about: {}, found: false, question: null, trail: [null], place: 0,
      folders: [["north", count]], columns: [], dates: false, metrics: ["euclidean", "cosine"], words: [], largest: 50e6,
      keep: true, labelled: 0, message: "", failed: false, said: 0, heading: `${count} photos`, far: "", captions: false,
      hide_judged: false, ...changes,
    },
  };
  const draw = (photo) => {
    const canvas = new OffscreenCanvas(160, 120);
    const pen = canvas.getContext("2d");
    pen.fillStyle = `hsl(${(photo * 37) % 360} 60% 50%)`;
    pen.fillRect(0, 0, 160, 120);
    pen.fillStyle = "white";
    pen.font = "40px sans-serif";
    pen.fillText(String(photo), 30, 75);
    return canvas.convertToBlob({ type: "image/jpeg" }).then((blob) => blob.arrayBuffer());
  };
  const model = {
    sent: [],
    answered: 0, // how many of these
    silent: false,
    comm_live: true,
    boxes: null, // of the parts that it has, by their photos
    names: (photo) => `north/photo-${photo}.jpg`,
    details: () => ({}), // more of a photo
    get: (name) => traits[name],
    on: (name, heard) => (listeners[name] ??= []).push(heard),
    off: (name, heard) => (listeners[name] = (listeners[name] ?? []).filter((each) => each !== heard)),
    tell: (name, ...news) => (listeners[name] ?? []).forEach((heard) => heard(...news)),
    heard: () => Object.values(listeners).flat().length,
    state(news, order) {
      traits._state = { ...traits._state, ...news, stamp: traits._state.stamp + 1 };
      if (order) traits._rows = rows(order);
      this.tell("change:_state");
    },
    pick(photos) {
      traits._picked = rows(photos);
      this.tell("change:_picked");
    },
    async send(content, callbacks, buffers = []) {
      this.sent.push({ ...content, bytes: buffers.map((each) => each.byteLength) });
      if (this.silent) return;
      if (content.do === "select") this.pick([...new Uint32Array(buffers[0])]);
      if (content.do === "photos") {
        const photos = content.photos.map((photo, buffer) => ({ photo, name: this.names(photo), label: null, buffer, ...this.details(photo) }));
        this.tell("msg:custom", { kind: "photos", photos, large: content.large }, await Promise.all(content.photos.map(draw)));
      }
      if (content.do === "parts" && this.boxes) {
        const parts = content.photos.filter((photo) => this.boxes[photo]).map((photo, buffer) => ({ photo, box: this.boxes[photo], buffer }));
        this.tell("msg:custom", { kind: "parts", parts }, await Promise.all(parts.map(({ photo }) => draw(photo))));
      }
      if (content.do === "large") {
        const told = { kind: "large", photo: content.photo, name: this.names(content.photo), bytes: 12345, date: null, label: null };
        this.tell("msg:custom", told, [await draw(content.photo)]);
      }
      this.tell("msg:custom", { kind: "done", number: content.number }, []);
      this.answered++;
    },
  };
  return model;
}

export function show(model, el = document.body.appendChild(document.createElement("div"))) {
  return explorer.render({ model, el });
}
