// The likeliest cells of a photo, with bars.

import { h } from "./dom.js";
import { percent } from "./words.js";

/** A list of the first `most` guesses. */
export function guessList(guesses, most = guesses.length) {
  return h("ol", { class: "guesses" },
    ...guesses.slice(0, most).map((guess) => {
      const bar = h("span", { class: "bar", "aria-hidden": "true" });
      bar.style.width = `${100 * guess.probability}%`;
      return h("li", {},
        h("span", { class: "place" }, guess.place),
        h("span", { class: "share" }, percent(guess.probability)),
        h("span", { class: "track", "aria-hidden": "true" }, bar),
        h("span", { class: "fine" }, `cell ${guess.token}, ${guess.counted}`),
      );
    }),
  );
}
