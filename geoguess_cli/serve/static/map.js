// Maps that BokehJS draws from what the server describes; it runs no code that it is sent.

import { mapItem } from "./api.js";
import { h } from "./dom.js";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** Call `redraw` whenever the reader's theme changes. */
export function onTheme(redraw) {
  dark.addEventListener("change", redraw);
}

/** A place for a map: `show(path)` draws what the server has there, in the reader's theme. */
export class MapView {
  constructor(label) {
    this.node = h("div", { class: "map", role: "group", "aria-label": label });
    this.views = null;
    this.path = null;
    this.latest = 0;
  }

  /** Draw; what is asked later is shown, whichever answer comes first. */
  async show(path) {
    this.path = path;
    const turn = (this.latest += 1);
    const theme = dark.matches ? "dark" : "light";
    this.node.setAttribute("aria-busy", "true");
    try {
      const item = await mapItem(`${path}${path.includes("?") ? "&" : "?"}theme=${theme}`);
      if (turn !== this.latest) return null;
      this.clear();
      const place = h("div", { class: "plot" });
      this.node.replaceChildren(place);
      this.views = await window.Bokeh.embed.embed_item(item, place);
      return this.views;
    } catch (error) {
      if (turn === this.latest) {
        this.node.replaceChildren(h("p", { class: "problem" }, `The map is missing: ${error.message}.`));
      }
      return null;
    } finally {
      if (turn === this.latest) this.node.removeAttribute("aria-busy");
    }
  }

  /** Draw the same again, as in another theme. */
  async again() {
    if (this.path !== null) await this.show(this.path);
  }

  /** Take the map away, and what BokehJS keeps of it. */
  clear() {
    if (this.views === null) return;
    for (const view of [...this.views.roots]) view.remove();
    this.views = null;
  }
}
