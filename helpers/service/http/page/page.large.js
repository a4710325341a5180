// An image as large as the service shows it, in the large view that the explorer has too.
import { lastPart } from "../../../widgets/elements.js";
import { LargeView } from "../../../widgets/large_view.js";
import { shown } from "./page.grid.js";
import { $ } from "./page.parts.js";
import { ask, json } from "./page.service.js";

const [SMALL, LARGE] = [300, 1600]; // px of a thumbnail: as in the grid, so that it is there already; the largest
const OUTSIDE = "outside"; // stands for the photo from outside that was searched with

// `find(image)` searches with an image; `query()` is the step that led to what is shown. The browser's Back closes the
// view: while it is open, the state in the history is `large`, which the next step of the trail replaces.
export function largeImages({ find, query }) {
  let items = new Map(); // the images in the grid when the view was opened: the grid may be filled anew meanwhile
  const view = new LargeView(document.body, {
    ask: (id) => find(items.get(id).image),
    want: (id) => (id === OUTSIDE ? view.take({ photo: id, name: query().name }, [query().file]) : fetchImage(view, id, items.get(id)?.image)),
    query: () => ({ image: query().id, photo: OUTSIDE })[query().kind],
  });
  const back = (id, leaving) => {
    (document.getElementById(`image-${id}`) ?? $("heading")).focus();
    if (!leaving) takeBack();
  };
  const takeBack = () => {
    if (!history.state.large) return;
    closed = new Promise((done) => addEventListener("popstate", done, { once: true }));
    history.back();
  };
  let closed = null; // until the history is back where it was
  return {
    closed: () => closed,
    close: () => view.close(true), // where the state in the history is, or will be, another one
    shut: () => view.close(),
    failed: () => view.element.hidden && takeBack(), // the search for which the view was left
    async open(image) {
      await closed;
      history.pushState({ ...history.state, large: true }, "");
      items = new Map(shown);
      const about = Object.fromEntries([...items].map(([id, item]) => [id, item.about]));
      view.open(image.id, [...items.keys()], about, back);
    },
  };
}

// Brings an image to the view, first small; `known` is what the grid has of it.
async function fetchImage(view, id, known) {
  const thumbnail = async (size) => [await (await ask(`images/${id}/thumbnail?size=${size}`)).blob()];
  try {
    if (known) view.take(contentOf(known), await thumbnail(SMALL));
    if (id !== view.photo && id !== view.pinned) return; // somebody went on
    const [image, picture] = await Promise.all([json(`images/${id}`), thumbnail(LARGE)]);
    view.take(contentOf(image), picture);
  } catch (error) {
    view.take({ ...(known ? contentOf(known) : { photo: id, name: "" }), error: error.message }, []);
  }
}

function contentOf({ id, path, width, height, size, products }) {
  const name = lastPart(path);
  return { photo: id, name, folder: path.slice(0, -name.length - 1), width, height, bytes: size, products: products.join(", ") };
}
