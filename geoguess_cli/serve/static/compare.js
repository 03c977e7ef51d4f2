// Several answers side by side: each with its photo, its likeliest cells and its map.

import { h } from "./dom.js";
import { guessList } from "./guesses.js";
import { MapView } from "./map.js";
import { kilometres, points } from "./words.js";

const GUESSES = 3;

/** The answered photos side by side. */
export class Comparison {
  constructor(photos) {
    this.maps = [];
    this.node = h("div", { class: "compare" }, ...photos.map((photo) => this.column(photo)));
  }

  column(photo) {
    const { answer } = photo;
    const map = new MapView(`Probability map of ${photo.name}`);
    this.maps.push(map);
    void map.show(`/api/photos/${answer.id}/map`);
    const facts = [`expected distance ${kilometres(answer.expected_km)}`];
    if (answer.unlike) facts.push("unlike the training photos");
    if (answer.score) {
      facts.push(`actual distance ${kilometres(answer.score.distance_km)}: ${points(answer.score.geoscore)} points`);
    }
    return h("article", { class: "column" },
      h("h2", {}, answer.place),
      h("p", { class: "sub" }, photo.name),
      h("img", {
        src: `/api/photos/${answer.id}/preview.jpg`, alt: `The photo ${photo.name}`,
        width: answer.width, height: answer.height,
      }),
      guessList(answer.guesses, GUESSES),
      h("div", { class: "facts fine" }, ...facts.map((fact) => h("span", {}, fact))),
      map.node,
    );
  }

  close() {
    for (const map of this.maps) map.clear();
  }
}
