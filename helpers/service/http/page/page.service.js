// Requests to the service, with a key where there is one.

import { $ } from "./page.parts.js";

const KEY = "kinframe-key";

// An error of the service; status 0 means that it cannot be reached.
export class ServiceError extends Error {
  constructor(status, message, pause = 1, key = "") {
    super(message);
    this.status = status;
    this.pause = pause; // seconds to wait before another try
    this.key = key; // that was sent
  }
  get passes() {
    return this.status === 0 || this.status === 503;
  }
}

export const session = {
  get key() {
    try {
      return sessionStorage.getItem(KEY) ?? "";
    } catch {
      return this.own ?? ""; // a browser that stores nothing
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

// The answer of the service; throws `ServiceError`. After 429 it waits and tries again.
export async function ask(path, options = {}, patience = 3) {
  const { key } = session;
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError(0, "The service cannot be reached. Trying again …");
  }
  if (answer.ok) return answer;
  let message = `The service answered with status ${answer.status}.`;
  try {
    message = (await answer.json()).error.message;
  } catch {}
  const pause = Math.min(30, Math.max(1, Number(answer.headers.get("Retry-After")) || 0));
  if (answer.status === 429 && patience > 0) {
    await new Promise((done) => setTimeout(done, 1_000 * pause));
    return ask(path, options, patience - 1);
  }
  throw new ServiceError(answer.status, String(message), pause, key);
}

export const json = async (path, options) => (await ask(path, options)).json();
