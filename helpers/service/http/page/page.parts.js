// What the scripts of the page share: an element, and numbers in words.

export const $ = (id) => document.getElementById(id);
export const lastPart = (path) => path.slice(path.lastIndexOf("/") + 1);
export const number = (value) => value.toLocaleString("en");
export const images = (count) => (count === 1 ? "1 image" : `${number(count)} images`);
export const distance = (value) => (value === 0 ? "0" : value.toPrecision(3));

// An element with properties, attributes (what has a dash, or `role`) and children.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}
