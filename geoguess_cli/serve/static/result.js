// The panel of one photo: its answer, or the map for a guess before the answer is shown.

import { scoreOf, setTruth } from "./api.js";
import { announce, h } from "./dom.js";
import { guessList } from "./guesses.js";
import { MapView } from "./map.js";
import { PinMap } from "./pin.js";
import { scoreboard, scoresOf, truthForm, verdict } from "./scores.js";
import { coordinates, kilometres, percent } from "./words.js";

/** The path of a photo's map, with the person's pin where there is one. */
function mapPath({ answer, pin }) {
  const path = `/api/photos/${answer.id}/map`;
  return pin ? `${path}?latitude=${pin.latitude}&longitude=${pin.longitude}` : path;
}

/** The panel of an answered photo. */
export class Result {
  /**
   * @param photo What is known of the photo.
   * @param changed Called after something of it changed, so that its tile can follow.
   */
  constructor(photo, changed) {
    this.photo = photo;
    this.changed = changed;
    this.map = new MapView(`Probability map of ${photo.name}`);
    this.pins = null;
    this.node = h("article", { class: "result", tabindex: "-1" });
    this.draw();
  }

  /** Show what is to be shown now: the answer, or the map for a guess. */
  draw() {
    this.map.clear();
    if (this.pins !== null) this.pins.clear();
    this.pins = null;
    if (this.photo.veiled) this.drawPinning("guess");
    else this.drawAnswer();
  }

  /** End what is under way. */
  close() {
    this.photo.occlusion.stop();
    this.map.clear();
    if (this.pins !== null) this.pins.clear();
  }

  drawAnswer() {
    const { photo } = this;
    const { answer } = photo;
    const [first] = answer.guesses;
    const scores = scoresOf(photo);
    const file = (ending, text) =>
      h("a", { href: `/api/photos/${answer.id}${ending}`, download: ending === "" ? `${photo.name}.json` : true }, text);
    photo.occlusion.offer();
    this.node.replaceChildren(
      h("header", {},
        h("h2", {}, answer.place),
        h("p", { class: "sub" },
          `${percent(first.probability)} for the likeliest cell · expected to be ${kilometres(answer.expected_km)} off` +
          ` · 90 % likely within ${kilometres(answer.radius_90_km)}`),
      ),
      h("div", { class: "columns" },
        h("div", { class: "side" },
          photo.occlusion.frame, photo.occlusion.node, guessList(answer.guesses)),
        h("div", { class: "main" },
          this.map.node,
          photo.scores ? h("p", { class: "verdict" }, `${verdict(photo.scores)}.`) : null,
          scores.length ? scoreboard(scores) : null,
          photo.pin && !scores.length
            ? h("p", { class: "note" }, `Your pin is at ${coordinates(photo.pin)}. Say where the photo was taken to score it.`)
            : null,
          truthForm(photo, () => this.rescored(), () => this.drawPinning("truth")),
          h("nav", { class: "files", "aria-label": "Download" },
            h("span", {}, "Download"),
            file("/map.html", "Map (HTML)"), file("/map.png", "Map (PNG)"),
            file("/map.geojson", "GeoJSON"), file("", "JSON")),
        ),
      ),
    );
    void this.map.show(mapPath(photo));
  }

  /** A map to put a pin on: for a guess before the answer, or for the truth. */
  drawPinning(what) {
    const { photo } = this;
    const guessing = what === "guess";
    const leave = () => {
      if (guessing) photo.veiled = false;
      this.draw();
      this.changed();
      this.node.focus();
    };
    this.pins = new PinMap({
      label: guessing ? "Where was it taken?" : "Where it was really taken",
      confirm: guessing ? "This is my guess" : "It was here",
      cancel: guessing ? "Show the answer" : "Cancel",
      oncancel: leave,
      onconfirm: async (place) => {
        if (guessing) await this.guessed(place);
        else photo.answer = await setTruth(photo.answer.id, place);
        await this.rescored();
        if (photo.scores) announce(`${verdict(photo.scores)}.`);
        this.node.focus();
      },
    });
    this.node.replaceChildren(
      h("header", {},
        h("h2", {}, guessing ? "Where was this photo taken?" : "Where was it really taken?"),
        h("p", { class: "sub" },
          guessing ? `${photo.name} · the answer waits until you have put your pin` : photo.name)),
      h("div", { class: "columns" },
        h("div", { class: "side" }, photo.occlusion.frame),
        h("div", { class: "main" }, this.pins.node)),
    );
    void this.pins.open();
  }

  async guessed(place) {
    this.photo.pin = place;
    this.photo.veiled = false;
  }

  /** After the truth or the pin changed: score anew, and draw. */
  async rescored() {
    const { photo } = this;
    photo.scores = photo.pin && photo.answer.truth ? await scoreOf(photo.answer.id, photo.pin) : null;
    this.draw();
    this.changed();
  }
}
