// The occlusion map: the parts of the photo that the answer rests on, drawn while it fills in.

import { occlusionLines } from "./api.js";
import { announce, h } from "./dom.js";
import { scaleOf } from "./scale.js";
import { percent, sentence } from "./words.js";

/** A photo with its occlusion map and the controls of the map. */
export class Occlusion {
  /**
   * @param photo The state of the photo; it has an answer.
   * @param model The server's record of the model.
   */
  constructor(photo, model) {
    this.photo = photo;
    this.stopper = null;
    this.overlay = h("img", { class: "overlay", alt: "", hidden: true });
    this.frame = h(
      "div",
      { class: "frame" },
      h("img", {
        class: "shot",
        src: `/api/photos/${photo.answer.id}/preview.jpg`,
        width: photo.answer.width,
        height: photo.answer.height,
        alt: `The photo ${photo.name}`,
      }),
      this.overlay,
    );
    this.frame.style.setProperty("--aspect", photo.answer.width / photo.answer.height);
    this.frame.style.aspectRatio = `${photo.answer.width} / ${photo.answer.height}`;
    placeOverlay(this.overlay, photo.answer, model.resize);
    this.target = h("select", { "aria-label": "Cell to follow" });
    this.start = h("button", { type: "button", class: "primary", onclick: () => this.run() });
    this.hide = h("button", { type: "button", hidden: true, onclick: () => this.toggle() });
    this.bar = h("progress", { max: "1", value: "0", hidden: true, "aria-label": "Occlusion map" });
    this.status = h("p", { class: "note" });
    this.legend = legend(model);
    this.download = h(
      "a",
      { href: `/api/photos/${photo.answer.id}/occlusion.png`, download: true, hidden: true },
      "Figure (PNG)",
    );
    this.node = h("section", { class: "explain", "aria-label": "Occlusion map of the answer" },
      h("div", { class: "row" }, this.start, this.target, this.hide, this.download),
      this.bar,
      this.legend,
      this.status,
    );
    this.offer();
    this.idle("Show what the answer rests on");
    this.status.textContent =
      "Covers the photo piece by piece and shows how far the probability drops.";
  }

  /** List the targets: the likeliest cells, and the true cell if the truth is known. */
  offer() {
    const chosen = this.target.value;
    const options = this.photo.answer.guesses.map((guess) =>
      h("option", { value: guess.token }, `${guess.rank}. ${guess.place}, ${percent(guess.probability)}`),
    );
    if (this.photo.answer.truth) options.push(h("option", { value: "truth" }, "the true cell"));
    this.target.replaceChildren(...options);
    if (options.some((option) => option.value === chosen)) this.target.value = chosen;
  }

  /** Start the map, or stop it if it is running. */
  async run() {
    if (this.stopper !== null) {
      this.stopper.abort();
      return;
    }
    const stopper = (this.stopper = new AbortController());
    this.start.textContent = "Stop";
    this.target.disabled = true;
    this.bar.hidden = false;
    this.bar.removeAttribute("value");
    this.download.hidden = true;
    this.status.textContent = "Waiting for its turn …";
    try {
      for await (const line of occlusionLines(this.photo.answer.id, this.target.value, stopper.signal)) {
        this.take(line);
      }
    } catch (error) {
      const text = stopper.signal.aborted ? "Stopped before the map was complete." : sentence(error.message);
      this.status.textContent = text;
      announce(text);
    } finally {
      this.stopper = null;
      this.bar.hidden = true;
      this.target.disabled = false;
      this.idle("Show again");
    }
  }

  /** Show one line of progress. */
  take(line) {
    if (line.error) throw new Error(line.error);
    if (!line.overlay) return;
    this.overlay.src = line.overlay;
    this.reveal(true);
    this.hide.hidden = false;
    this.bar.max = line.windows;
    this.bar.value = line.done;
    this.status.textContent = `${line.done} of ${line.windows} windows of ${line.window} pixels …`;
    if (!line.finished) return;
    const drops = line.drops.flat();
    const most = Math.max(...drops);
    this.status.textContent =
      most > 0
        ? `Covering the most important part lowers the probability from ${percent(line.probability)} to ${percent(Math.max(0, line.probability - most))}.`
        : "No part of the photo supports this cell: covering any part raises its probability.";
    this.download.hidden = false;
    announce(`The occlusion map of ${this.photo.name} is complete. ${this.status.textContent}`);
  }

  idle(text) {
    this.start.textContent = text;
  }

  toggle() {
    this.reveal(this.overlay.hidden);
  }

  reveal(visible) {
    this.overlay.hidden = !visible;
    this.legend.hidden = !visible;
    this.frame.classList.toggle("paled", visible);
    this.hide.textContent = visible ? "Hide the map" : "Show the map";
  }

  /** Stop the map if it is running. */
  stop() {
    if (this.stopper !== null) this.stopper.abort();
  }
}

/** Lay the map over the part that the model sees: the whole photo, the square in its centre, or a
 * square around it. */
function placeOverlay(overlay, { width, height }, resize) {
  if (resize === "squash") return;
  const side = resize === "pad" ? Math.max(width, height) : Math.min(width, height);
  overlay.style.width = `${(100 * side) / width}%`;
  overlay.style.height = `${(100 * side) / height}%`;
  overlay.style.left = `${(50 * (width - side)) / width}%`;
  overlay.style.top = `${(50 * (height - side)) / height}%`;
}

/** The scale of drops, with the ticks of the server. */
function legend(model) {
  const sign = (drop) => (drop === 0 ? "" : drop > 0 ? "+" : "−");
  const ticks = model.drop_ticks.map(({ drop, at }) => [at, `${sign(drop)}${Math.abs(100 * drop)}`]);
  return h("div", { class: "legend", hidden: true },
    h("div", { class: "ends" }, h("span", {}, "against"), h("span", {}, "for this cell")),
    ...scaleOf(model.drop_colors, ticks),
    h("p", { class: "fine" }, "Drop of the probability when a part is covered, in percentage points"),
  );
}
