// Searches: with an image of the collection, a photo from outside, its address, or words.
import { addSettings, settingsAreValid } from "./page.filters.js";
import { ServiceError, json } from "./page.service.js";

const REFUSED = [413, 415, 422]; // as a photo

// A photo from outside, as it is sent.
export function photoForm(step) {
  const body = new FormData();
  if (step.kind === "url") body.append("url", step.url);
  else if (step.kind === "text") body.append("text", step.text);
  else body.append("photo", step.file, "photo");
  return body;
}

// The answer to a step of the trail that is no collection.
export async function search(step, signal) {
  if (!settingsAreValid()) throw new ServiceError(422, "One of the settings above is out of range.");
  if (step.kind === "image") return json(`images/${step.id}/similar?${addSettings(new URLSearchParams())}`, { signal });
  try {
    return await json("search", { method: "POST", body: addSettings(photoForm(step)), signal });
  } catch (error) {
    if (step.kind !== "photo") throw error;
    if (REFUSED.includes(error.status)) error.message = `${step.name}: ${error.message}`;
    if (error.status !== 0) throw error;
    const isThere = await fetch("health").then(() => true, () => false); // it may hang up on what is too large
    throw isThere ? new ServiceError(413, `${step.name}: the service ended the upload; the photo may be too large for it.`) : error;
  }
}
