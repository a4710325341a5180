// The line to the kernel: what a page asks of it by messages, and the traits that it sets.
import { SOON, message, spinner } from "./elements.js";

const PATIENCE = 10_000; // ms until the page reports that the kernel does not answer
const QUIET = new Set(["photos", "parts", "select"]); // what the page asks by itself, or has shown already

// The bytes of a trait as an array. They are copied: they may begin at any place of their message.
export function typedArray(Type, view) {
  if (!view?.byteLength) return new Type(0);
  return new Type(view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view.slice(0));
}

// Photos by number, as a plain array.
export const photosIn = (view) => Array.from(typedArray(Uint32Array, view));

export class Wire {
  constructor(model) {
    this.model = model;
    this.alarm = message(); // shown while the kernel does not answer
    this.alarm.classList.add("kf-alarm");
    this.spinner = spinner();
    this.waiting = new Map(); // number of a request → {timer, soon, done}
    this.count = 0;
    this.id = Math.random().toString(36).slice(2); // two views of one widget hear each other's answers
    this.listeners = [];
    this.on("comm_live_status_update", () => this.silent(model.comm_live === false));
  }

  // Calls `heard` with each event of the model, until the page is closed.
  on(name, heard) {
    this.model.on(name, heard);
    this.listeners.push([name, heard]);
  }

  // Handlers of the kernel's messages, by kind; that a request is done is handled here.
  listen(handlers) {
    this.on("msg:custom", (content, buffers = []) => {
      if (content.kind === "done") this.answered(content.number);
      else handlers[content.kind]?.(content, buffers);
    });
  }

  // `done` is called when the kernel has dealt with the request.
  request(content, buffers, done) {
    const number = `${this.id}-${++this.count}`;
    const soon = QUIET.has(content.do) ? null : setTimeout(() => (this.spinner.hidden = false), SOON);
    this.waiting.set(number, { timer: this.alarmClock(), soon, done });
    this.model.send({ ...content, number }, undefined, buffers);
    return number;
  }

  // Whatever the kernel answers, it is alive: the other requests are given time anew.
  answered(number) {
    const request = this.waiting.get(number);
    this.waiting.delete(number);
    clearTimeout(request?.timer);
    clearTimeout(request?.soon);
    if (![...this.waiting.values()].some(({ soon }) => soon)) this.spinner.hidden = true;
    for (const other of this.waiting.values()) {
      clearTimeout(other.timer);
      other.timer = this.alarmClock();
    }
    this.silent(false);
    request?.done?.();
  }

  alarmClock() {
    return setTimeout(() => this.silent(true), PATIENCE);
  }

  silent(is) {
    const visitor = this.model.get("_state")?.keep === false; // who sees no kernel and no cell
    this.alarm.textContent = visitor
      ? "No answer: the computer that shows these photos is busy, or was away for too long. If this stays, load the page again."
      : "The kernel does not answer: it is busy, or was restarted. If it was, run the cell again.";
    this.alarm.hidden = !is;
  }

  close() {
    for (const { timer, soon } of this.waiting.values()) {
      clearTimeout(timer);
      clearTimeout(soon);
    }
    for (const [name, heard] of this.listeners) this.model.off(name, heard);
  }
}

// The selected photos. A selection made here counts at once; until the kernel has taken it, what it reports is older.
export class Selection {
  constructor(wire, changed) {
    [this.wire, this.changed] = [wire, changed];
    this.pending = null; // the last request of which the kernel has not reported yet that it is done
    wire.on("change:_picked", () => this.take());
  }

  get inKernel() {
    return photosIn(this.wire.model.get("_picked"));
  }

  send(photos) {
    const request = (this.pending = {});
    this.wire.request({ do: "select" }, [Uint32Array.from(photos).buffer], () => {
      if (request !== this.pending) return;
      this.pending = null;
      this.take();
    });
  }

  take() {
    if (!this.pending) this.changed(this.inKernel);
  }
}
