// Details and thumbnails of photos, asked for in batches; those used last are kept.

export class Thumbnails {
  // `changed` is called with the photos of which something has come. `batch`: how many are asked for at once, since
  // the kernel does nothing else while it makes them; `kept`: how many stay in memory.
  constructor(wire, changed, { batch, kept }) {
    [this.wire, this.changed, this.batch, this.kept] = [wire, changed, batch, kept];
    this.entries = new Map(); // photo → {name, label, …, url}, the latest used last; without a url it cannot be read
    this.outdated = new Set(); // photos whose thumbnail is shown until one of another size has come
    this.large = false; // whether large thumbnails are asked for
    this.unanswered = new Set(); // asked for in vain
    this.wanted = [];
    this.busy = false;
  }

  get(photo) {
    const entry = this.entries.get(photo);
    if (entry) {
      this.entries.delete(photo);
      this.entries.set(photo, entry);
    }
    return entry;
  }

  // Ask for photos, the most wanted first, in place of those that were wanted before.
  want(photos) {
    this.wanted = photos;
    this.next();
  }

  next() {
    if (this.busy) return;
    const here = (photo) => this.entries.has(photo) && !this.outdated.has(photo);
    const missing = this.wanted.filter((photo) => !here(photo) && !this.unanswered.has(photo));
    const photos = missing.slice(0, this.batch);
    if (!photos.length) return;
    this.busy = true;
    this.wire.request(this.asking(photos), undefined, () => {
      for (const photo of photos) {
        if (!this.entries.has(photo)) this.unanswered.add(photo);
        this.outdated.delete(photo);
      }
      this.busy = false;
      this.next();
    });
  }

  // Whether photos are shown so large that large thumbnails are wanted.
  show(large) {
    if (large === this.large) return;
    this.large = large;
    if (large) this.outdated = new Set(this.entries.keys());
  }

  // The request for some photos.
  asking(photos) {
    return { do: "photos", photos, large: this.large };
  }

  // A message with details and thumbnails has come.
  take({ photos, large }, buffers) {
    for (const { photo, buffer, ...details } of photos) {
      if (this.large && !large && this.entries.has(photo)) continue; // a large one is there, or on its way
      this.add(photo, details, buffer === null ? null : buffers[buffer]);
    }
    this.trim();
    this.changed(photos.map(({ photo }) => photo));
  }

  // Forget those that were not used for longest, where there are too many.
  trim() {
    for (const photo of this.entries.keys()) {
      if (this.entries.size <= this.kept) break;
      this.forget(photo);
    }
  }

  add(photo, details, jpeg) {
    if (this.entries.has(photo)) this.forget(photo);
    const entry = { ...details, url: jpeg && URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" })) };
    this.entries.set(photo, entry);
    return entry;
  }

  forget(photo) {
    const { url } = this.entries.get(photo);
    if (url) URL.revokeObjectURL(url);
    this.entries.delete(photo);
  }

  close() {
    for (const photo of [...this.entries.keys()]) this.forget(photo);
  }
}
