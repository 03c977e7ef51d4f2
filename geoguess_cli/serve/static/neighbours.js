// The training photos that a photo resembles, with place, creator and licence.

import { h } from "./dom.js";
import { sentence } from "./words.js";

/**
 * A strip of training photos; a line of text stands for one that is not on the server's machine.
 * @param answer The record of the photo; without training photos its words say why there are none.
 */
export function neighbourStrip({ neighbours, resembles }) {
  if (!neighbours.length) return h("p", { class: "neighbours fine" }, sentence(resembles));
  return h("section", { class: "neighbours", "aria-label": "Training photos that it resembles" },
    h("h3", {}, "Training photos that it resembles"),
    h("ul", {}, ...neighbours.map((one) => {
      const about = [`similarity ${one.similarity.toFixed(2)}`, one.creator, one.license];
      return h("li", {},
        one.picture
          ? h("img", { src: one.picture, alt: `The training photo ${one.name}` })
          : h("span", { class: "missing" }, "photo not found"),
        h("b", {}, one.place),
        h("span", { class: "fine" }, one.name),
        h("span", { class: "fine" }, about.filter(Boolean).join(" · ")));
    })));
}
