// What an answer rests on: the occlusion map, laid over the photo as it fills in.

import { occlusionLines } from "./api.js";
import { announce, h } from "./dom.js";
import { scaleOf } from "./scale.js";
import { percent, sentence } from "./words.js";

/** The photo with its occlusion map, and the controls of that. */
export class Occlusion {
  /**
   * @param photo What is known of the photo; its answer is there.
   * @param model What the server said of the model.
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
    this.target = h("select", { "aria-label": "What is followed" });
    this.start = h("button", { type: "button", class: "primary", onclick: () => this.run() });
    this.hide = h("button", { type: "button", hidden: true, onclick: () => this.toggle() });
    this.bar = h("progress", { max: "1", value: "0", hidden: true, "aria-label": "Occlusion map" });
    this.said = h("p", { class: "note" });
    this.legend = legend(model);
    this.download = h(
      "a",
      { href: `/api/photos/${photo.answer.id}/occlusion.png`, download: true, hidden: true },
      "Figure (PNG)",
    );
    this.node = h("section", { class: "explain", "aria-label": "What the answer rests on" },
      h("div", { class: "row" }, this.start, this.target, this.hide, this.download),
      this.bar,
      this.legend,
      this.said,
    );
    this.offer();
    this.idle("Show what it rests on");
    this.said.textContent =
      "Covers the photo piece by piece, and shows how far the probability falls.";
  }

  /** The targets there are: the likeliest cells, and the true one where the truth is known. */
  offer() {
    const chosen = this.target.value;
    const options = this.photo.answer.guesses.map((guess) =>
      h("option", { value: guess.token }, `${guess.rank}. ${guess.place}, ${percent(guess.probability)}`),
    );
    if (this.photo.answer.truth) options.push(h("option", { value: "truth" }, "the true cell"));
    this.target.replaceChildren(...options);
    if (options.some((option) => option.value === chosen)) this.target.value = chosen;
  }

  /** Make the map, or stop making it. */
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
    this.said.textContent = "Waiting for its turn …";
    try {
      for await (const line of occlusionLines(this.photo.answer.id, this.target.value, stopper.signal)) {
        this.take(line);
      }
    } catch (error) {
      const text = stopper.signal.aborted ? "Stopped before it was whole." : sentence(error.message);
      this.said.textContent = text;
      announce(text);
    } finally {
      this.stopper = null;
      this.bar.hidden = true;
      this.target.disabled = false;
      this.idle("Show anew");
    }
  }

  /** One line of progress. */
  take(line) {
    if (line.error) throw new Error(line.error);
    if (!line.overlay) return;
    this.overlay.src = line.overlay;
    this.reveal(true);
    this.hide.hidden = false;
    this.bar.max = line.windows;
    this.bar.value = line.done;
    this.said.textContent = `${line.done} of ${line.windows} windows of ${line.window} pixels …`;
    if (!line.finished) return;
    const drops = line.drops.flat();
    const most = Math.max(...drops);
    this.said.textContent =
      most > 0
        ? `Covering the strongest place takes ${percent(line.probability)} down to ${percent(Math.max(0, line.probability - most))}.`
        : "No part of the photo speaks for this cell: covering any of them raises its probability.";
    this.download.hidden = false;
    announce(`The occlusion map of ${this.photo.name} is whole. ${this.said.textContent}`);
  }

  idle(text) {
    this.start.textContent = text;
  }

  toggle() {
    this.reveal(this.overlay.hidden);
  }

  reveal(shown) {
    this.overlay.hidden = !shown;
    this.legend.hidden = !shown;
    this.frame.classList.toggle("paled", shown);
    this.hide.textContent = shown ? "Plain photo" : "With the map";
  }

  /** End what is under way. */
  stop() {
    if (this.stopper !== null) this.stopper.abort();
  }
}

/** Lay the map over what the model saw: all of the photo squashed, or the square in its middle. */
function placeOverlay(overlay, { width, height }, resize) {
  if (resize !== "crop") return;
  const side = Math.min(width, height);
  overlay.style.width = `${(100 * side) / width}%`;
  overlay.style.height = `${(100 * side) / height}%`;
  overlay.style.left = `${(50 * (width - side)) / width}%`;
  overlay.style.top = `${(50 * (height - side)) / height}%`;
}

/** The scale of drops, with its ticks where the server says they are. */
function legend(model) {
  const sign = (drop) => (drop === 0 ? "" : drop > 0 ? "+" : "−");
  const ticks = model.drop_ticks.map(({ drop, at }) => [at, `${sign(drop)}${Math.abs(100 * drop)}`]);
  return h("div", { class: "legend", hidden: true },
    h("div", { class: "ends" }, h("span", {}, "against"), h("span", {}, "for this cell")),
    ...scaleOf(model.drop_colors, ticks),
    h("p", { class: "fine" }, "Fall of the probability when a place is covered, in percentage points"),
  );
}
