// Short messages over the page: they move nothing, and can be closed. Failures stay until then.
import { button, make } from "./elements.js";

const STAYS = 8000; // ms

export class Toasts {
  constructor() {
    this.element = make("div", { className: "kf-toasts" });
    this.said = null;
  }

  // What the kernel says, once; nothing takes back what it said before.
  follow({ message, failed, said }) {
    const news = `${said} ${message}`;
    if (news === this.said) return;
    this.said = news;
    this.say(message, failed);
  }

  say(text, failed = false) {
    clearTimeout(this.timer);
    this.element.replaceChildren();
    if (!text) return;
    const close = button("×", "Close this message", () => this.say(""));
    close.setAttribute("aria-label", "Close this message");
    const className = `kf-message ${failed ? "kf-failed" : ""}`;
    this.element.append(make("div", { className, role: failed ? "alert" : "status" }, make("span", { textContent: text }), close));
    if (!failed) this.timer = setTimeout(() => this.say(""), STAYS);
  }

  close() {
    clearTimeout(this.timer);
  }
}
