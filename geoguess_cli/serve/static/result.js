// The panel of one photo: its answer, or the map for a guess before the answer is shown.

import { scoreOf, setTruth } from "./api.js";
import { announce, h } from "./dom.js";
import { guessList } from "./guesses.js";
import { MapView } from "./map.js";
import { neighbourStrip } from "./neighbours.js";
import { PinMap } from "./pin.js";
import { scoreboard, scoresOf, truthForm, verdict } from "./scores.js";
import { coordinates, kilometres, percent, sentence } from "./words.js";

/** The path of a photo's map, with the person's pin if there is one. */
function mapPath({ answer, pin }) {
  const path = `/api/photos/${answer.id}/map`;
  return pin ? `${path}?latitude=${pin.latitude}&longitude=${pin.longitude}` : path;
}

/** The panel of an answered photo. */
export class Result {
  /**
   * @param photo The state of the photo.
   * @param changed Called after the state has changed, so that the tile can be updated.
   */
  constructor(photo, changed) {
    this.photo = photo;
    this.changed = changed;
    this.map = new MapView(`Probability map of ${photo.name}`);
    this.pins = null;
    this.node = h("article", { class: "result", tabindex: "-1" });
    this.draw();
  }

  /** Draw the answer, or the map for a guess if the answer is still hidden. */
  draw() {
    this.map.clear();
    if (this.pins !== null) this.pins.clear();
    this.pins = null;
    if (this.photo.veiled) this.drawPinning("guess");
    else this.drawAnswer();
  }

  /** Stop the occlusion map, and free the maps. */
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
          `${percent(first.probability)} for the likeliest cell · expected distance ${kilometres(answer.expected_km)}` +
          ` · 90 % within ${kilometres(answer.radius_90_km)}` +
          (answer.within ? ` · ${percent(answer.inside)} of the probability lay in ${answer.within}` : "")),
        answer.likeness
          ? h("p", { class: answer.unlike ? "sub unlike" : "fine" },
            sentence(answer.unlike ? `This photo is ${answer.likeness}` : answer.likeness))
          : null,
      ),
      h("div", { class: "columns" },
        h("div", { class: "side" },
          photo.occlusion.frame, photo.occlusion.node, guessList(answer.guesses)),
        h("div", { class: "main" },
          this.map.node,
          photo.scores ? h("p", { class: "verdict" }, `${verdict(photo.scores)}.`) : null,
          scores.length ? scoreboard(scores) : null,
          photo.pin && !scores.length
            ? h("p", { class: "note" }, `Your pin is at ${coordinates(photo.pin)}. Enter the place where the photo was taken to score your pin.`)
            : null,
          neighbourStrip(answer),
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

  /** Draw a map for a pin: for a guess before the answer, or for the truth. */
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
      label: guessing ? "Where was it taken?" : "Where was it really taken?",
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
          guessing ? `${photo.name} · the answer appears after your guess` : photo.name)),
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

  /** Compute the scores again and draw, after the truth or the pin has changed. */
  async rescored() {
    const { photo } = this;
    photo.scores = photo.pin && photo.answer.truth ? await scoreOf(photo.answer.id, photo.pin) : null;
    this.draw();
    this.changed();
  }
}
