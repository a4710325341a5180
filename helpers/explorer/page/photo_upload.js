// A button that takes a photo from outside; a file can be dropped on it, too.
import { make } from "../../widgets/elements.js";
import { Wire } from "../../widgets/wire.js";
import { photoChooser, sendPhoto, takeFiles } from "./uploads.js";

function render({ model, el }) {
  const wire = new Wire(model);
  wire.listen({}); // it hears when a request is done
  const take = (file) => {
    if (file.size > model.get("_largest")) wire.request({ do: "refuse", name: file.name });
    else sendPhoto(wire, file);
  };
  const root = make("div", { className: "kinframe-widget kinframe-gallery kinframe-upload" }, ...photoChooser(take), wire.spinner);
  takeFiles(root, take);
  el.append(root);
  return () => wire.close();
}

export default { render };
