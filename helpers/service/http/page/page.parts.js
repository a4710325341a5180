// Small parts of the page.
import { counted } from "../../../widgets/elements.js";

export const $ = (id) => document.getElementById(id);
export const images = (count) => counted(count, "image");
