// How like the query a photo is, in one line: its rank, a bar that is fuller for what is more alike, and the number.
import { make } from "./elements.js";

export const shortDistance = (distance) => (distance === 0 ? "0" : Number(distance).toPrecision(3));
export const percent = (share) => `${Math.round(100 * share)} %`;

// `likeness` is 0 to 1, null where it is not known; `score` and `word` are those of a search in words.
export function likenessLine({ rank, likeness = null, distance = null, word, score = null }) {
  const line = make("div", { className: "kf-likeness" });
  if (rank) line.append(make("b", { textContent: rank }));
  const far = distance === null ? "" : `distance ${shortDistance(distance)}`;
  const bar = (share, number) => {
    const full = make("span", { className: "kf-bar" }, make("span"));
    full.firstChild.style.width = `${100 * Math.max(0, share)}%`;
    line.append(full, make("span", { textContent: number }));
  };
  if (score !== null) {
    if (word) line.append(make("span", { className: "kf-far", textContent: word }));
    bar(score, score > 0 && score < 0.001 ? "< 0.001" : shortDistance(score));
    line.title = `${word ?? "score"} ${shortDistance(score)}`;
  } else if (likeness !== null) {
    bar(likeness, percent(likeness));
    line.title = `${percent(likeness)} alike: ${far}; 0 % is as far as two photos of this collection usually are`;
  } else line.append(make("span", { className: "kf-far", textContent: far }));
  return line;
}
