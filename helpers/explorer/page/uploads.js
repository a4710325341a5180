// Photos from outside: a file that is chosen, dropped or pasted, and its way to the kernel.
import { button, make } from "../../widgets/elements.js";

const PART = 2 ** 21; // bytes of an upload in one message: servers refuse long ones

// A button that opens the dialog for a file, and the input behind it. `take` is called with the file.
export function photoChooser(take) {
  const input = make("input", { type: "file", accept: "image/*,.heic,.heif", hidden: true, tabIndex: -1 });
  input.addEventListener("change", () => {
    if (input.files[0]) take(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  });
  return [button("Search with a photo…", "Or drop a file here, or paste a picture", () => input.click()), input];
}

// Calls `take` with a file that is dropped on `root` or pasted into it.
export function takeFiles(root, take) {
  const stop = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  root.addEventListener("dragover", (event) => {
    stop(event);
    root.classList.add("kf-dropping");
  });
  root.addEventListener("dragleave", (event) => !root.contains(event.relatedTarget) && root.classList.remove("kf-dropping"));
  root.addEventListener("drop", (event) => {
    root.classList.remove("kf-dropping");
    stop(event);
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  root.addEventListener("paste", (event) => {
    if (!event.clipboardData.files[0]) return;
    stop(event);
    take(event.clipboardData.files[0]);
  });
}

export async function sendPhoto(wire, file) {
  const content = new Uint8Array(await file.arrayBuffer());
  const parts = Math.max(1, Math.ceil(content.length / PART));
  const upload = { do: "upload", upload: `${wire.id}-${wire.count}`, name: file.name || "pasted picture", parts };
  for (let part = 0; part < parts; part++) wire.request(upload, [content.slice(part * PART, (part + 1) * PART).buffer]);
}
