// The truth of a photo, and the scores of a person and of the model.

import { setTruth } from "./api.js";
import { announce, h } from "./dom.js";
import { coordinates, kilometres, points, readCoordinates } from "./words.js";

const MOST = 5000;

/** The scores of the person and the model, or of the model alone. */
export function scoreboard(scores) {
  return h("dl", { class: "scores" },
    ...scores.map(({ who, score, best }) => {
      const bar = h("span", { class: "bar" });
      bar.style.width = `${(100 * score.geoscore) / MOST}%`;
      return h("div", { class: best ? `${who.kind} best` : who.kind },
        h("dt", {}, who.name),
        h("dd", {}, h("strong", {}, points(score.geoscore)), " of 5,000"),
        h("dd", { class: "fine" }, `${kilometres(score.distance_km)} away`),
        h("dd", { class: "track", "aria-hidden": "true" }, bar),
      );
    }),
  );
}

const MODEL = { kind: "model", name: "geoguess" };
const PERSON = { kind: "person", name: "You" };

/** The scores of a photo for `scoreboard`; empty without the truth. */
export function scoresOf(photo) {
  if (photo.scores) {
    const { person, model } = photo.scores;
    return [
      { who: PERSON, score: person, best: person.geoscore > model.geoscore },
      { who: MODEL, score: model, best: model.geoscore > person.geoscore },
    ];
  }
  return photo.answer.score ? [{ who: MODEL, score: photo.answer.score, best: false }] : [];
}

/** Both scores in one sentence. */
export function verdict({ person, model }) {
  const ahead = person.geoscore > model.geoscore ? "You were nearer" : "geoguess was nearer";
  const even = Math.abs(person.geoscore - model.geoscore) < 0.5;
  return even ? "A draw" : `${ahead}, by ${kilometres(Math.abs(person.distance_km - model.distance_km))}`;
}

/**
 * The place where a photo was taken, and a form to enter it.
 *
 * @param photo The state of the photo.
 * @param changed Called after the server has stored the truth.
 * @param pinIt Called when the person wants to put a pin instead of typing.
 */
export function truthForm(photo, changed, pinIt) {
  const { answer } = photo;
  const input = h("input", {
    type: "text", name: "truth", placeholder: "45.68, -111.04", autocomplete: "off",
    "aria-label": "Latitude and longitude in degrees",
  });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const form = h("form", { class: "row", onsubmit: send },
    input,
    h("button", { type: "submit" }, "Set"),
    h("button", { type: "button", onclick: pinIt }, "Pin it on the map"),
  );
  async function send(event) {
    event.preventDefault();
    const place = readCoordinates(input.value);
    try {
      if (place === null) throw new Error("Type a latitude and a longitude, such as 45.68, -111.04.");
      photo.answer = await setTruth(answer.id, place);
      announce("The place is set.");
      await changed();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      input.focus();
    }
  }
  if (answer.truth === null) {
    return h("details", { class: "truth" },
      h("summary", {}, "Do you know where it was taken?"), form, problem);
  }
  const source = answer.truth_from === "exif" ? "according to the photo's GPS" : "as you entered";
  return h("details", { class: "truth" },
    h("summary", {}, h("span", { class: "dot" }), `Taken at ${coordinates(answer.truth)}, ${source}`),
    form, problem);
}
