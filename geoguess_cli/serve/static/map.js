// Probability maps on the page. `GeoguessMap` draws them from the records of the server; neither
// runs code that the server sends.

import { mapRecord } from "./api.js";
import { h } from "./dom.js";
import { scaleOf } from "./scale.js";

/* global GeoguessMap, Bokeh */

const PIN = "#d55e00"; // the orange of the figures
const PIN_INK = "#a84300";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** A map with its buttons and its key. */
export class MapView {
  constructor(label) {
    this.canvas = h("div", {
      class: "map", role: "application", tabindex: "0",
      "aria-label": `${label}. Arrow keys move it, plus and minus zoom, 0 shows the whole map.`,
      onkeydown: (event) => this.key(event),
    });
    const button = (text, label, act) =>
      h("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    this.buttons = h("div", { class: "zoom", hidden: true },
      button("+", "Zoom in", () => this.map.zoom(1.5)),
      button("−", "Zoom out", () => this.map.zoom(1 / 1.5)),
      button("⤢", "Show the whole map", () => this.map.frame(this.map.home)),
    );
    this.under = h("div", { class: "under" });
    this.node = h("div", { class: "mapped" },
      h("div", { class: "mapframe" }, this.canvas, this.buttons), this.under);
    this.map = null;
    this.turn = 0;
  }

  /**
   * Draw the map at a path of the server; of several calls the last one wins.
   * Returns the record of the map, or null if it failed or a later call replaced it.
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
        this.canvas.replaceChildren(h("p", { class: "problem" }, `The map cannot be drawn: ${error.message}.`));
      }
      return null;
    } finally {
      if (turn === this.turn) this.canvas.removeAttribute("aria-busy");
    }
  }

  /** Draw a person's pin, and widen the map so that it is visible. */
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

  /** Draw the key of the colours, in the reader's theme. */
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

  /** Remove the map, and free what BokehJS keeps of it. */
  clear() {
    if (this.map === null) return;
    const { document } = this.map.plot;
    document.clear();
    Bokeh.documents.splice(Bokeh.documents.indexOf(document), 1);
    this.map = null;
    delete this.canvas.dataset.ready;
  }
}

/** Draw a person's pin on top of an open map; returns its source, which moves the pin. */
export function addPin({ plot }, [x, y]) {
  const model = (name, properties) => new (Bokeh.Models.get(name))(properties);
  const value = (properties) =>
    Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, { value: one }]));
  const at = { x: { field: "x" }, y: { field: "y" } };
  const source = model("ColumnDataSource", { name: "pin", data: { x: [x], y: [y] } });
  const dot = { size: 15, fill_color: PIN, line_color: "#ffffff", line_width: 2.5 };
  plot.add_glyph(model("Scatter", { ...at, ...value(dot) }), source);
  const word = {
    text: "You", x_offset: 13, text_baseline: "middle", text_font_style: "bold",
    text_font_size: "13px", text_font: "system-ui, sans-serif",
  };
  const halo = { ...word, text_color: "#ffffff", text_outline_color: "#ffffff", text_outline_width: 4 };
  plot.add_glyph(model("Text", { ...at, ...value(halo) }), source);
  plot.add_glyph(model("Text", { ...at, ...value({ ...word, text_color: PIN_INK }) }), source);
  return source;
}
