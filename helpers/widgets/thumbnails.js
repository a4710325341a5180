// Names and thumbnails of photos, asked for in batches; those used last are kept.

export class Thumbnails {
  // `changed` is called with the photos of which something has come. `batch`: how many are asked for at once, since
  // the kernel does nothing else while it makes them; `kept`: how many stay in memory.
  constructor(wire, changed, { batch, kept }) {
    [this.wire, this.changed, this.batch, this.kept] = [wire, changed, batch, kept];
    this.entries = new Map(); // photo → {name, label, url}, the latest used last; without a url it cannot be read
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
    const missing = this.wanted.filter((photo) => !this.entries.has(photo) && !this.unanswered.has(photo));
    const photos = missing.slice(0, this.batch);
    if (!photos.length) return;
    this.busy = true;
    this.wire.request(this.asking(photos), undefined, () => {
      for (const photo of photos) if (!this.entries.has(photo)) this.unanswered.add(photo);
      this.busy = false;
      this.next();
    });
  }

  // The request for some photos.
  asking(photos) {
    return { do: "photos", photos };
  }

  // A message with names, labels and thumbnails has come.
  take({ photos }, buffers) {
    for (const { photo, name, label, buffer } of photos) {
      this.add(photo, name, label, buffer === null ? null : buffers[buffer]);
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

  add(photo, name, label, jpeg) {
    if (this.entries.has(photo)) this.forget(photo);
    const entry = { name, label, url: jpeg && URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" })) };
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
