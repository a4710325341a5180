// Photos from outside: chosen, pasted or dropped anywhere on the page; or the address of one.
import { $ } from "./page.parts.js";

export function takePhotos(byFiles, byAddress) {
  const dropping = (is) => document.body.classList.toggle("kf-dropping", is);
  $("choose").onclick = () => $("file").click();
  $("file").onchange = () => {
    byFiles([...$("file").files]);
    $("file").value = ""; // so that the same file can be chosen again
  };
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) {
      event.preventDefault();
      return byFiles(files);
    }
    const text = event.clipboardData.getData("text/plain").trim();
    if (!event.target.matches?.("input") && /^https?:\/\/\S+$/.test(text)) byAddress(text);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || dropping(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    dropping(false);
    const files = [...event.dataTransfer.files];
    const address = event.dataTransfer.getData("text/uri-list").split(/[\r\n]+/).find((line) => /^https?:/.test(line));
    if (files.length) byFiles(files);
    else if (address) byAddress(address);
  });
}
