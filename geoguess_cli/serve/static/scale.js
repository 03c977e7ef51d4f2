// Colour scales with ticks.

import { h } from "./dom.js";

/** A bar of evenly spaced colours with ticks below; a tick is [position from 0 to 1, text]. */
export function scaleOf(colors, ticks) {
  const bar = h("div", { class: "scale", "aria-hidden": "true" });
  bar.style.backgroundImage = `linear-gradient(to right, ${colors.join(", ")})`;
  const marks = ticks.map(([at, text]) => {
    const mark = h("span", {}, text);
    mark.style.left = `${100 * at}%`;
    return mark;
  });
  return [bar, h("div", { class: "ticks" }, ...marks)];
}
