// A kernel that is none: it answers the map as `helpers.explorer.map.map` does, with drawn photos. `sent` is what it heard.
import map from "./map.js";

export function mock(positions, codes, changes = {}) {
  const listeners = {};
  const count = codes.length;
  // As in a message of the kernel: a part of a longer buffer, at any place.
  const view = (array) => {
    const bytes = new Uint8Array(array.byteLength + 3);
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), 3);
    return new DataView(bytes.buffer, 3);
  };
  const traits = {
    _positions: view(Float32Array.from(positions)),
    _codes: view(Uint8Array.from(codes)),
    _picked: view(new Uint32Array(0)),
    _state: {
      stamp: 1, count, note: "", colour: null, colours: ["folder", "taken"],
      legend: { kind: "plain", title: "", missing: 0 }, message: "", ...changes,
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
  return {
    sent: [],
    answered: 0, // how many of these
    silent: false,
    comm_live: true,
    pictures: true, // with false, no photo can be read
    names: (photo) => `north/photo-${photo}.jpg`,
    get: (name) => traits[name],
    on: (name, heard) => (listeners[name] ??= []).push(heard),
    off: (name, heard) => (listeners[name] = (listeners[name] ?? []).filter((each) => each !== heard)),
    tell: (name, ...news) => (listeners[name] ?? []).forEach((heard) => heard(...news)),
    heard: () => Object.values(listeners).flat().length,
    state(news, codes) {
      if (codes) traits._codes = view(Uint8Array.from(codes));
      traits._state = { ...traits._state, ...news, stamp: traits._state.stamp + 1 };
      this.tell("change:_state");
    },
    pick(photos) {
      traits._picked = view(Uint32Array.from(photos));
      this.tell("change:_picked");
    },
    picked: () => [...new Uint32Array(traits._picked.buffer.slice(3))],
    async send(content, callbacks, buffers = []) {
      this.sent.push(content);
      if (this.silent) return;
      if (content.do === "select") this.pick([...new Uint32Array(buffers[0])]);
      if (content.do === "photos") {
        const place = (buffer) => (this.pictures ? buffer : null);
        const photos = content.photos.map((photo, buffer) => ({ photo, name: this.names(photo), buffer: place(buffer) }));
        const pictures = this.pictures ? await Promise.all(content.photos.map(draw)) : [];
        this.tell("msg:custom", { kind: "photos", photos }, pictures);
      }
      this.tell("msg:custom", { kind: "done", number: content.number }, []);
      this.answered++;
    },
  };
}

export function show(model, el = document.body.appendChild(document.createElement("div"))) {
  return map.render({ model, el });
}
