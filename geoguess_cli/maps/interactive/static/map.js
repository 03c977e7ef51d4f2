/* One interactive map. It draws Bokeh's item, keeps its scale the same in x and y, and changes its
   contents through the named models of its document. The item itself holds no code.

     const map = await GeoguessMap.open(element, item, palettes)
     map.show({cells: {...}, guesses: {...}, ...})      put other columns into the map
     map.hideBelow("probability", 0.01)                 returns for each cell whether it stays
     map.frame([left, bottom, right, top])              show a box, in kilometres on the plane
     map.pick(index)                                    highlight a cell; null for none
     map.onpick = (index) => {}                         called with the picked cell, or null      */

"use strict";

class GeoguessMap {
  static async open(element, item, palettes) {
    const views = await Bokeh.embed.embed_item(item, element);
    const [view] = views.roots;
    const map = new GeoguessMap(element, view.model, palettes);
    // The element around the canvas takes the focus and the keys, not the canvas.
    view.canvas_view.events_el.removeAttribute("tabindex");
    await map.settle();
    return map;
  }

  constructor(element, plot, palettes) {
    this.element = element;
    this.plot = plot;
    this.palettes = palettes;
    this.onpick = () => {};
    this.home = this.box;
    this.kmPerPixel = null;
    this.widths = new Map();
    this.brush = document.createElement("canvas").getContext("2d");

    plot.aspect_ratio = null;
    plot.sizing_mode = "stretch_both";
    for (const range of [plot.x_range, plot.y_range]) range.change.connect(() => this.moved());
    for (const name of ["inner_width", "inner_height"]) {
      plot.properties[name].change.connect(() => this.resized());
    }
    const cells = this.model("cells");
    cells.selected.change.connect(() => {
      const index = cells.selected.indices[0] ?? null;
      this.outline(index);
      if (!this.picking) this.onpick(index);
    });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.paint(dark.matches ? "dark" : "light"));
    this.paint(dark.matches ? "dark" : "light");
  }

  /* The data source of a name, or the model of a name and another kind; null without one. */
  model(name, kind = "ColumnDataSource") {
    for (const model of this.plot.document.all_models) {
      if (model.name === name && model.type === kind) return model;
    }
    return null;
  }

  async settle() {
    for (let wait = 0; wait < 300 && !(this.width > 10 && this.height > 10); wait += 1) {
      await new Promise(requestAnimationFrame);
    }
    this.frame(this.home);
  }

  get width() { return this.plot.inner_width; }
  get height() { return this.plot.inner_height; }

  get box() {
    const {x_range: x, y_range: y} = this.plot;
    return [x.start, y.start, x.end, y.end];
  }

  get center() {
    const [left, bottom, right, top] = this.box;
    return [(left + right) / 2, (bottom + top) / 2];
  }

  /* Show a box at one scale; the window shows more than the box where it has another shape. */
  frame([left, bottom, right, top]) {
    const km = Math.max((right - left) / this.width, (top - bottom) / this.height);
    this.place((left + right) / 2, (bottom + top) / 2, km);
  }

  place(x, y, kmPerPixel) {
    if (!(this.width > 10 && this.height > 10)) return;
    const reach = 13500;  // km: a little beyond the rim of the Earth
    const most = 2 * reach / Math.min(this.width, this.height);
    const km = Math.min(Math.max(kmPerPixel, 0.002), most);
    const [cx, cy] = [x, y].map((value) => Math.min(Math.max(value, -1.3 * reach), 1.3 * reach));
    const [dx, dy] = [km * this.width / 2, km * this.height / 2];
    this.kmPerPixel = km;
    this.placing = true;
    this.plot.x_range.setv({start: cx - dx, end: cx + dx});
    this.plot.y_range.setv({start: cy - dy, end: cy + dy});
    this.placing = false;
    this.label();
  }

  zoom(factor) { this.place(...this.center, this.kmPerPixel / factor); }

  pan(across, up) {
    const [x, y] = this.center;
    const km = this.kmPerPixel;
    this.place(x + across * this.width * km, y + up * this.height * km, km);
  }

  /* Wheel or drag moved the ranges, x and y one after the other. */
  moved() {
    if (this.placing || this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      const [left, , right] = this.box;
      this.place(...this.center, (right - left) / this.width);
    });
  }

  resized() {
    if (this.kmPerPixel === null || this.sizing) return;
    this.sizing = true;
    requestAnimationFrame(() => {
      this.sizing = false;
      this.place(...this.center, this.kmPerPixel);
    });
  }

  /* Act on a key, for a page whose map has the focus; true if the key means something. */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const act = {
      ArrowLeft: () => this.pan(-0.15, 0),
      ArrowRight: () => this.pan(0.15, 0),
      ArrowUp: () => this.pan(0, 0.15),
      ArrowDown: () => this.pan(0, -0.15),
      "+": () => this.zoom(1.5),
      "=": () => this.zoom(1.5),
      "-": () => this.zoom(1 / 1.5),
      0: () => this.frame(this.home),
    }[event.key];
    if (!act) return false;
    event.preventDefault();
    act();
    return true;
  }

  /* Replace the columns of layers; the cells keep the columns that are not given. */
  show(layers) {
    this.pick(null);
    for (const [name, columns] of Object.entries(layers)) {
      if (name === "cells") this.change(name, columns);
      else this.model(name).data = columns;
    }
    this.label();
  }

  /* Colour the cells by another column, with numbers from 0 to 1. */
  shadeBy(column) {
    for (const model of this.plot.document.all_models) {
      if (model.type !== "Patches") continue;
      for (const name of ["fill_color", "line_color"]) {
        if (model[name]?.transform) model[name] = {...model[name], field: column};
      }
    }
  }

  hideBelow(column, least) {
    const kept = Array.from(this.model("cells").get_column(column), (value) => !(value < least));
    this.model("cells_shown", "BooleanFilter").booleans = kept;
    this.trim();
    return kept;
  }

  pick(index) {
    this.picking = true;
    this.model("cells").selected.indices = index === null ? [] : [index];
    this.picking = false;
    if (index !== null) this.reveal(index);
  }

  outline(index) {
    const cells = this.model("cells");
    const ring = (name) => (index === null ? [] : [cells.get_column(name)[index]]);
    this.model("picked").data = {xs: ring("xs"), ys: ring("ys")};
  }

  /* Move a cell to the middle, and zoom until its size is suitable. */
  reveal(index) {
    const cells = this.model("cells");
    const [[left, right], [bottom, top]] = ["xs", "ys"].map((name) => {
      const values = Array.from(cells.get_column(name)[index]).filter(Number.isFinite);
      return [Math.min(...values), Math.max(...values)];
    });
    const side = Math.max(right - left, top - bottom) / this.kmPerPixel;
    const room = Math.min(this.width, this.height);
    let km = this.kmPerPixel;
    if (side < 0.06 * room) km *= side / (0.2 * room);
    if (side > 0.8 * room) km *= side / (0.6 * room);
    this.place((left + right) / 2, (bottom + top) / 2, km);
  }

  paint(scheme) {
    const {named, amounts} = this.palettes[scheme];
    for (const model of this.plot.document.all_models) {
      for (const tag of model.tags) {
        for (const [name, color] of Object.entries(tag.colors ?? {})) {
          const spec = typeof model[name] === "object" && model[name] !== null;
          model[name] = spec ? {value: named[color]} : named[color];
        }
      }
      if (model.name === "amounts") model.palette = amounts;
    }
  }

  /* A point of the plane in pixels from the lower left corner of the map. */
  at(x, y) {
    const [left, bottom] = this.box;
    return [(x - left) / this.kmPerPixel, (y - bottom) / this.kmPerPixel];
  }

  /* Fit numbers, outlines, names and edges to the scale. */
  label() {
    if (this.kmPerPixel === null) return;
    // Boxes without names: the buttons, the scale, the marks.
    const taken = [[0, this.height - 125, 58, this.height], [this.width - 175, 0, this.width, 48]];
    for (const name of ["estimate", "truth"]) {
      for (const [x, y] of this.points(name)) taken.push([x - 9, y - 9, x + 9, y + 9]);
    }
    this.number(taken);
    for (const kind of ["countries", "regions", "towns"]) this.write(kind, taken);
    for (const name of ["credible_50", "credible_90"]) this.thin(name);
    this.trim();
  }

  points(name) {
    const source = this.model(name);
    if (source === null) return [];
    const [xs, ys] = [source.get_column("x"), source.get_column("y")];
    return Array.from(xs, (x, row) => this.at(x, ys[row]));
  }

  /* Put each number on its place, or beside the place if that is taken. */
  number(taken) {
    const source = this.model("guesses");
    if (source === null) return;
    const moves = [[0, 0]];
    for (const far of [22, 34, 48, 64]) {
      for (let turn = 0; turn < 12; turn += 1) {
        const angle = Math.PI * (0.25 + turn / 6);
        moves.push([far * Math.cos(angle), far * Math.sin(angle)]);
      }
    }
    const [xs, ys] = [source.get_column("x"), source.get_column("y")];
    const places = Array.from(xs, (x, row) => {
      const [px, py] = this.at(x, ys[row]);
      const box = ([dx, dy]) => [px + dx - 12, py + dy - 12, px + dx + 12, py + dy + 12];
      const move = moves.find((one) => !taken.some((other) => meet(other, box(one)))) ?? moves[0];
      taken.push(box(move));
      return [x + move[0] * this.kmPerPixel, ys[row] + move[1] * this.kmPerPixel];
    });
    this.change("guesses", {at_x: places.map(([x]) => x), at_y: places.map(([, y]) => y)});
  }

  write(kind, taken) {
    const source = this.model(kind);
    const [texts, rooms] = [source.get_column("text"), source.get_column("room")];
    const town = kind === "towns";
    const sides = [];
    this.brush.font = `${kind === "countries" ? "600 13px" : "12px"} system-ui, sans-serif`;
    const kept = this.points(kind).map(([x, y], row) => {
      sides.push("left");
      if (x < 0 || y < 0 || x > this.width || y > this.height) return false;
      const wide = this.brush.measureText(texts[row]).width;
      if (wide > rooms[row] / this.kmPerPixel) return false;
      const boxes = {
        center: [x - wide / 2 - 4, y - 10, x + wide / 2 + 4, y + 10],
        left: [x - 8, y - 12, x + wide + 14, y + 12],
        right: [x - wide - 14, y - 12, x + 8, y + 12],
      };
      const side = (town ? ["left", "right"] : ["center"]).find((one) => {
        const box = boxes[one];
        return box[0] >= 0 && box[1] >= 0 && box[2] <= this.width && box[3] <= this.height
          && !taken.some((other) => meet(other, box));
      });
      if (side === undefined) return false;
      taken.push(boxes[side]);
      sides[row] = side;
      return true;
    });
    if (town) {
      this.change(kind, {side: sides, dx: sides.map((side) => (side === "left" ? 7 : -7))});
    }
    const filter = this.model(`${kind}_shown`, "BooleanFilter");
    if (String(filter.booleans) !== String(kept)) filter.booleans = kept;
  }

  thin(name) {
    const source = this.model(name);
    if (source === null || source.get_length() === 0) return;
    const share = Math.min(source.get_column("side_km")[0] / this.kmPerPixel / 14, 1);
    for (const renderer of this.plot.renderers) {
      if (renderer.data_source !== source) continue;
      const {glyph} = renderer;
      const full = this.widths.get(glyph) ?? glyph.line_width.value;
      this.widths.set(glyph, full);
      if (glyph.line_width.value !== full * share) glyph.line_width = {value: full * share};
    }
  }

  /* Draw edges around the visible cells, except those that are specks at this scale. */
  trim() {
    this.sides ??= Array.from(this.model("cells").get_column("xs"), (xs) => {
      const known = Array.from(xs).filter(Number.isFinite);
      return Math.max(...known) - Math.min(...known);
    });
    const shown = this.model("cells_shown", "BooleanFilter").booleans;
    const edged = shown.map((is, row) => is && this.sides[row] > 4 * this.kmPerPixel);
    const filter = this.model("edges_shown", "BooleanFilter");
    if (String(filter.booleans) !== String(edged)) filter.booleans = edged;
  }

  /* Replace columns of a source, if their values changed. */
  change(name, columns) {
    const source = this.model(name);
    const same = Object.entries(columns).every(([column, values]) =>
      String(values) === String(Array.from(source.get_column(column))));
    if (same) return;
    const kept = source.columns().map((column) => [column, source.get_column(column)]);
    source.data = {...Object.fromEntries(kept), ...columns};
  }
}

function meet(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
