// The jobs in the background, and how many images there are.
import { counted, grouped, make } from "../../../widgets/elements.js";
import { $, images } from "./page.parts.js";
import { ServiceError, json } from "./page.service.js";

const BUSY = 1_500; // ms between two looks while one runs
const IDLE = 15_000; // ms otherwise
const ENDED = new Set(["done", "failed", "cancelled"]);

export class Jobs {
  // `page` has `resting()`, `ofCollection()`, `show()`, `ended()` and `failed(error)`.
  constructor(page) {
    this.page = page;
    this.total = null;
    this.running = new Set();
  }

  showTotal(count) {
    this.total = count;
    $("count").textContent = images(count);
  }

  // Shows the jobs, and again after a while.
  async watch() {
    clearTimeout(this.timer);
    try {
      if (!document.hidden && !this.page.resting()) await this.look();
    } catch (error) {
      if (error.passes || error.status === 401) this.page.failed(error);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.watch(), this.running.size ? BUSY : IDLE);
  }

  async look() {
    const { jobs } = await json("jobs");
    const unfinished = jobs.filter((job) => !ENDED.has(job.state));
    const ended = jobs.filter((job) => this.running.has(job.id) && ENDED.has(job.state));
    this.running = new Set(unfinished.map((job) => job.id));
    $("jobs").replaceChildren(...unfinished.map(jobRow));
    $("jobs").hidden = !unfinished.length;
    if (ended.length || unfinished.length) this.showTotal((await json("images?limit=1")).total);
    const empty = !$("grid").children.length;
    if (empty && (ended.length || (this.total && unfinished.length && this.page.ofCollection()))) this.page.show();
    if (ended.length) this.page.ended();
    for (const job of ended) if (job.error) this.page.failed(new ServiceError(422, job.error));
  }
}

// A job that has not ended, with a progress bar.
function jobRow(job) {
  const what = job.request.folder === undefined ? counted(job.request.photos, "photo") : job.request.folder || "all photos";
  const bar = make("progress", { "aria-label": `Indexing ${what}` });
  if (job.total !== null || job.state === "queued") {
    bar.max = Math.max(1, job.total ?? 1);
    bar.value = job.done;
  }
  const left = job.bad ? `, ${grouped(job.bad)} left out` : "";
  const progress = job.total === null ? job.state : `${grouped(job.done)} of ${grouped(job.total)}${left}`;
  return make("div", { className: "job" }, make("span", {}, `Indexing ${what}`), bar, make("span", {}, progress));
}
