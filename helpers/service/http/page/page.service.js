// Asks the service, with the key, where there is one.

import { $ } from "./page.parts.js";

const KEY = "kinframe-key";

// What the service says when it does not do as it was asked; status 0 is that it cannot be reached.
export class Trouble extends Error {
  constructor(status, message, pause = 1, key = "") {
    super(message);
    this.status = status;
    this.pause = pause; // s that it asks for
    this.key = key; // with which it was asked
  }
  get passes() {
    return this.status === 0 || this.status === 503;
  }
}

export const kept = {
  get key() {
    try {
      return sessionStorage.getItem(KEY) ?? "";
    } catch {
      return this.own ?? ""; // a browser that keeps nothing
    }
  },
  set key(key) {
    this.own = key;
    try {
      if (key) sessionStorage.setItem(KEY, key);
      else sessionStorage.removeItem(KEY);
    } catch {}
    $("forget").hidden = !key;
  },
};

// The answer of the service; throws `Trouble`. What comes too early, is asked again after the pause that it wants.
export async function ask(path, options = {}, patience = 3) {
  const { key } = kept;
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble(0, "The service cannot be reached. It is tried again.");
  }
  if (answer.ok) return answer;
  let message = `The service answers ${answer.status}.`;
  try {
    message = (await answer.json()).error.message;
  } catch {}
  const pause = Math.min(30, Math.max(1, Number(answer.headers.get("Retry-After")) || 0));
  if (answer.status === 429 && patience > 0) {
    await new Promise((done) => setTimeout(done, 1_000 * pause));
    return ask(path, options, patience - 1);
  }
  throw new Trouble(answer.status, String(message), pause, key);
}

export const json = async (path, options) => (await ask(path, options)).json();
