// Builds elements without markup, so that the name of a photo is never read as HTML.

/** An element with properties (`class`, `on…`, attributes) and children. */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Announce a sentence to screen readers. */
export function announce(sentence) {
  document.getElementById("live").textContent = sentence;
}
