// A map without an answer, for a pin: put it with a tap or with the arrow keys.

import { placeAt } from "./api.js";
import { announce, h } from "./dom.js";
import { MapView, addPin } from "./map.js";
import { coordinates, sentence } from "./words.js";

const STEP = 0.02; // of the map's width, for one arrow key
const LEAP = 0.1; // with Shift
const SETTLE_MS = 150;

/** The map, the place of the pin, and the buttons. */
export class PinMap {
  /** @param options `label`, `confirm`, `cancel` are texts, `onconfirm(place)` and `oncancel()` act. */
  constructor(options) {
    this.options = options;
    this.view = new MapView(options.label);
    this.view.canvas.setAttribute("aria-label",
      `${options.label} Arrow keys move the pin, with Shift farther; plus and minus zoom; Enter confirms.`);
    this.view.key = (event) => this.key(event);
    this.place = null;
    this.source = null;
    this.timer = null;
    this.where = h("p", { class: "where", role: "status" }, "No pin yet: tap the map, or press an arrow key.");
    this.yes = h("button", { type: "button", class: "primary", disabled: true, onclick: () => this.confirm() },
      options.confirm);
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.node = h("div", { class: "pinning" },
      this.view.node,
      this.where,
      h("div", { class: "row" }, this.yes,
        h("button", { type: "button", onclick: options.oncancel }, options.cancel)),
      this.problem,
    );
  }

  async open() {
    if ((await this.view.show("/api/pin-map")) === null) return;
    const { plot } = this.view.map;
    plot.toolbar.tools = plot.toolbar.tools.filter((tool) => !["TapTool", "HoverTool"].includes(tool.type));
    plot.on_event("tap", (event) => this.put(event.x, event.y));
    this.view.canvas.focus({ preventScroll: true });
  }

  key(event) {
    if (this.view.map === null) return;
    const step = event.shiftKey ? LEAP : STEP;
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Enter" && this.source !== null) {
      event.preventDefault();
      void this.confirm();
    } else if (move !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      const { map } = this.view;
      const far = step * map.width * map.kmPerPixel;
      const [x, y] = this.source === null ? map.center : this.at();
      const moved = this.source === null ? [x, y] : [x + move[0] * far, y + move[1] * far];
      this.put(...moved);
      this.follow(...moved);
    } else {
      this.view.map.key(event);
    }
  }

  at() {
    return [this.source.get_column("x")[0], this.source.get_column("y")[0]];
  }

  /** Put the pin at a point of the map's plane, in kilometres, and look up its place. */
  put(x, y) {
    if (this.source === null) this.source = addPin(this.view.map, [x, y]);
    else this.source.data = { x: [x], y: [y] };
    this.place = null;
    this.yes.disabled = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask().catch(() => {}), SETTLE_MS);
  }

  /** Move the map if the pin leaves its visible part. */
  follow(x, y) {
    const { map } = this.view;
    const [left, bottom, right, top] = map.box;
    const [dx, dy] = [0.05 * (right - left), 0.05 * (top - bottom)];
    if (x < left + dx || x > right - dx || y < bottom + dy || y > top - dy) map.place(x, y, map.kmPerPixel);
  }

  /** The place under the pin. */
  async ask() {
    const [x, y] = this.at();
    const place = await placeAt(x, y);
    const [now_x, now_y] = this.at();
    if (x === now_x && y === now_y) {
      this.place = place;
      this.where.textContent = `${coordinates(place)}: ${place.place}`;
    }
    return place;
  }

  async confirm() {
    this.yes.disabled = true;
    this.problem.hidden = true;
    try {
      const place = this.place ?? (await this.ask());
      await this.options.onconfirm({ latitude: place.latitude, longitude: place.longitude });
    } catch (error) {
      this.yes.disabled = false;
      this.problem.textContent = sentence(error.message);
      this.problem.hidden = false;
      announce(this.problem.textContent);
    }
  }

  clear() {
    clearTimeout(this.timer);
    this.view.clear();
  }
}
