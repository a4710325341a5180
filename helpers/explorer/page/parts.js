// Thumbnails of those parts of photos that were compared, enlarged; known by the photo and the box of the part.
import { Thumbnails } from "../../widgets/thumbnails.js";

export class Parts extends Thumbnails {
  asking(keys) {
    return { do: "parts", photos: keys.map((key) => Number(key.split(" ")[0])), large: this.large };
  }

  // A message with parts has come.
  take({ parts }, buffers) {
    for (const { photo, box, buffer } of parts) {
      this.add(partKey(photo, box), {}, buffer === null ? null : buffers[buffer]);
    }
    this.trim();
    this.changed(parts.map(({ photo }) => photo));
  }
}

export const partKey = (photo, box) => [photo, ...box].join(" ");
