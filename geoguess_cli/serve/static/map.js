// Probability maps on the page. `GeoguessMap` draws them, from what the server describes; neither
// runs any code that it is sent.

import { mapRecord } from "./api.js";
import { h } from "./dom.js";
import { scaleOf } from "./scale.js";

/* global GeoguessMap, Bokeh */

const PIN = "#d55e00"; // the orange of the figures
const PIN_INK = "#a84300";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** A place for a map, with its buttons and its key. */
export class MapView {
  constructor(label) {
    this.canvas = h("div", {
      class: "map", role: "application", tabindex: "0",
      "aria-label": `${label}. Arrow keys move it, plus and minus zoom, 0 shows all.`,
      onkeydown: (event) => this.key(event),
    });
    const button = (text, label, act) =>
      h("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    this.buttons = h("div", { class: "zoom", hidden: true },
      button("+", "Nearer", () => this.map.zoom(1.5)),
      button("−", "Farther", () => this.map.zoom(1 / 1.5)),
      button("⤢", "All of it", () => this.map.frame(this.map.home)),
    );
    this.under = h("div", { class: "under" });
    this.node = h("div", { class: "mapped" },
      h("div", { class: "mapframe" }, this.canvas, this.buttons), this.under);
    this.map = null;
    this.turn = 0;
  }

  /**
   * Draw what the server has at a path; what is asked later is shown, whichever comes first.
   * Gives back what the server said, or null where another was asked for meanwhile.
   */
  async show(path) {
    const turn = (this.turn += 1);
    this.canvas.setAttribute("aria-busy", "true");
    try {
      const record = await mapRecord(path);
      if (turn !== this.turn) return null;
      this.clear();
      const place = h("div", { class: "plot" });
      this.canvas.replaceChildren(place);
      this.map = await GeoguessMap.open(place, record.item, record.palettes);
      if (turn !== this.turn) return null;
      if (record.pin) this.showPin(record.pin);
      if (record.view) this.drawKey(record);
      this.buttons.hidden = false;
      this.canvas.dataset.ready = "yes";
      return record;
    } catch (error) {
      if (turn === this.turn) {
        this.canvas.replaceChildren(h("p", { class: "problem" }, `The map is missing: ${error.message}.`));
      }
      return null;
    } finally {
      if (turn === this.turn) this.canvas.removeAttribute("aria-busy");
    }
  }

  /** A person's pin, and the map wide enough to hold it. */
  showPin([x, y]) {
    addPin(this.map, [x, y]);
    const [left, bottom, right, top] = this.map.home;
    const room = 0.06 * (right - left);
    this.map.home = [
      Math.min(left, x - room), Math.min(bottom, y - room),
      Math.max(right, x + room), Math.max(top, y + room),
    ];
    this.map.frame(this.map.home);
  }

  /** The colours of the cells and what they mean, in the reader's theme. */
  drawKey({ view, palettes }) {
    const { amounts } = palettes[dark.matches ? "dark" : "light"];
    this.under.replaceChildren(
      h("div", { class: "key" }, h("span", { class: "fine" }, view.key.label),
        ...scaleOf(amounts, view.key.ticks)));
    dark.onchange = () => this.drawKey({ view, palettes });
  }

  key(event) {
    if (this.map !== null) this.map.key(event);
  }

  /** Take the map away, and what BokehJS keeps of it. */
  clear() {
    if (this.map === null) return;
    const { document } = this.map.plot;
    document.clear();
    Bokeh.documents.splice(Bokeh.documents.indexOf(document), 1);
    this.map = null;
    delete this.canvas.dataset.ready;
  }
}

/** Draw a person's pin on an open map, on top of all else; its source can be moved. */
export function addPin({ plot }, [x, y]) {
  const made = (name, properties) => new (Bokeh.Models.get(name))(properties);
  const value = (properties) =>
    Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, { value: one }]));
  const at = { x: { field: "x" }, y: { field: "y" } };
  const source = made("ColumnDataSource", { name: "pin", data: { x: [x], y: [y] } });
  const dot = { size: 15, fill_color: PIN, line_color: "#ffffff", line_width: 2.5 };
  plot.add_glyph(made("Scatter", { ...at, ...value(dot) }), source);
  const word = {
    text: "You", x_offset: 13, text_baseline: "middle", text_font_style: "bold",
    text_font_size: "13px", text_font: "system-ui, sans-serif",
  };
  const halo = { ...word, text_color: "#ffffff", text_outline_color: "#ffffff", text_outline_width: 4 };
  plot.add_glyph(made("Text", { ...at, ...value(halo) }), source);
  plot.add_glyph(made("Text", { ...at, ...value({ ...word, text_color: PIN_INK }) }), source);
  return source;
}
