// What the scripts of the page share: elements, numbers in words, and a job.

export const $ = (id) => document.getElementById(id);
export const lastPart = (path) => path.slice(path.lastIndexOf("/") + 1);
export const number = (value) => value.toLocaleString("en");
export const images = (count) => (count === 1 ? "1 image" : `${number(count)} images`);
export const distance = (value) => (value === 0 ? "0" : value.toPrecision(3));

// An element with properties (attributes, if their name has a dash) and children.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// A job that has not ended, with a progress bar.
export function jobRow(job) {
  const what = job.request.folder === undefined ? `${number(job.request.photos)} photos` : job.request.folder || "all photos";
  const bar = make("progress", { "aria-label": `Indexing ${what}` });
  if (job.total !== null || job.state === "queued") {
    bar.max = Math.max(1, job.total ?? 1);
    bar.value = job.done;
  }
  const left = job.bad ? `, ${number(job.bad)} left out` : "";
  const progress = job.total === null ? job.state : `${number(job.done)} of ${number(job.total)}${left}`;
  return make("div", { className: "job" }, make("span", {}, `Indexing ${what}`), bar, make("span", {}, progress));
}
