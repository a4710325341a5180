// The frame around a part of a picture that is fitted into its place; `box`: left, top, right, bottom as shares.
import { make } from "./elements.js";

export function outline(image, place, [left, top, right, bottom]) {
  const scale = Math.min(place.clientWidth / image.naturalWidth, place.clientHeight / image.naturalHeight);
  const [wide, tall] = [image.naturalWidth * scale, image.naturalHeight * scale];
  const frame = make("span", { className: "kf-outline" });
  Object.assign(frame.style, {
    left: `${(place.clientWidth - wide) / 2 + left * wide}px`,
    top: `${(place.clientHeight - tall) / 2 + top * tall}px`,
    width: `${(right - left) * wide}px`,
    height: `${(bottom - top) * tall}px`,
  });
  return frame;
}
