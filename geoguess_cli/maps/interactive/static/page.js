/* The page around a map: the choice of photos, the guesses, the key with its threshold. */

"use strict";

const percent = (share) => {
  if (share < 5e-5) return share > 0 ? "< 0.01 %" : "0 %";
  const digits = share >= 0.0995 ? 0 : share >= 0.00995 ? 1 : 2;
  return `${(100 * share).toFixed(digits)} %`;
};
const counted = (number, noun) =>
  `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/* An element with attributes and children; strings become text, never markup. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

class Page {
  constructor(content) {
    this.content = content;
    this.maps = new Map();
    this.at = (id) => document.getElementById(id);
  }

  async start() {
    const {views} = this.content;
    if (views.length > 1) (this.content.choice ? this.listColors() : this.listPhotos());
    for (const [id, act] of [
      ["zoom-in", (map) => map.zoom(1.5)],
      ["zoom-out", (map) => map.zoom(1 / 1.5)],
      ["whole", (map) => map.frame(map.home)],
    ]) this.at(id).addEventListener("click", () => act(this.map));
    this.at("threshold").addEventListener("input", () => this.hide());
    this.at("map").addEventListener("keydown", (event) => {
      if (event.target === this.at("map")) this.map.key(event);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.point(null);
    });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.paintKey());
    await this.choose(0);
    document.documentElement.dataset.ready = "yes";
  }

  listPhotos() {
    const list = this.at("photos");
    list.hidden = false;
    this.at("answer").setAttribute("role", "tabpanel");
    this.content.views.forEach((view, index) => {
      const picture = view.picture ? el("img", {src: view.picture, alt: ""}) : null;
      const tab = el("button", {
        type: "button", role: "tab", class: "photo-tab", title: view.name,
        "aria-label": `${view.name}: ${view.heading}`,
        "aria-controls": "answer", onclick: () => this.choose(index),
        onkeydown: (event) => this.walk(event, index),
      }, picture ?? view.name);
      list.append(tab);
    });
  }

  listColors() {
    const field = this.at("colors");
    field.hidden = false;
    field.firstElementChild.textContent = this.content.choice;
    this.content.views.forEach((view, index) => {
      const radio = el("input", {
        type: "radio", name: "color", value: index, onchange: () => this.choose(index)});
      radio.checked = index === 0;
      field.append(el("label", {}, radio, view.name));
    });
  }

  walk(event, index) {
    const step = {ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1}[event.key];
    if (!step) return;
    event.preventDefault();
    const count = this.content.views.length;
    const next = (index + step + count) % count;
    this.choose(next);
    this.at("photos").children[next].focus();
  }

  async choose(index) {
    const view = this.view = this.content.views[index];
    [...this.at("photos").children].forEach((tab, other) => {
      tab.setAttribute("aria-selected", String(other === index));
      tab.tabIndex = other === index ? 0 : -1;
      if (other === index) tab.scrollIntoView({block: "nearest", inline: "nearest"});
    });
    document.title = view.title;
    this.at("heading").textContent = view.heading;
    this.at("caption").replaceChildren(...view.caption.map((line) => el("span", {}, line)));
    this.drawAnswer(view);
    await this.openMap(view);
    if (this.view !== view) return;
    this.map.show(view.columns);
    this.map.shadeBy(view.key.shade);
    if (!this.content.choice) {
      this.map.home = view.box;
      this.map.frame(view.box);
    }
    this.at("threshold").value = 0;
    this.drawKey(view);
    this.hide();
    this.describe(null);
  }

  /* Photos of near places share a map; each map is drawn when it is first needed. */
  async openMap(view) {
    for (const [map, holder] of this.maps) holder.hidden = map !== view.map;
    if (!this.maps.has(view.map)) {
      const holder = el("div", {class: "canvas"});
      this.at("map").append(holder);
      this.maps.set(view.map, holder);
      holder.map = GeoguessMap.open(holder, this.content.items[view.map], this.content.palettes);
      const map = await holder.map;
      map.onpick = (index) => this.describe(index);
    }
    this.map = await this.maps.get(view.map).map;
  }

  drawAnswer(view) {
    const picture = this.at("picture");
    picture.hidden = !view.picture;
    picture.replaceChildren(...(view.picture ? [
      el("img", {src: view.picture, alt: `The photo ${view.name}`}),
      el("figcaption", {}, view.name)] : []));
    this.at("facts").replaceChildren(...view.facts.map((fact) => el("li", {class: fact.kind},
      el("span", {class: "mark", "aria-hidden": "true"}),
      el("span", {}, el("b", {}, fact.title), el("small", {}, fact.text)))));
    this.drawNeighbours(view.neighbours);
    this.at("rows").setAttribute("aria-label", view.list);
    this.at("rows").replaceChildren(...view.rows.map((guess) => {
      const bar = el("span", {class: "bar", "aria-hidden": "true"});
      bar.style.setProperty("--share", guess.length);
      const button = el("button", {
        type: "button", class: "guess", "aria-pressed": "false",
        onclick: () => this.toggle(guess.index),
        onfocus: () => { if (button.matches(":focus-visible")) this.point(guess.index); },
      },
      el("span", {class: "rank"}, String(guess.rank)),
      el("span", {class: "place"}, guess.place),
      el("span", {class: "share"}, guess.share),
      el("small", {}, guess.detail), bar);
      return el("li", {"data-index": guess.index}, button);
    }));
  }

  /* The training photos that the photo resembles; a line stands for one that is not found. */
  drawNeighbours(neighbours) {
    const section = this.at("neighbours");
    section.hidden = !neighbours;
    if (!neighbours) return;
    section.firstElementChild.textContent = neighbours.title;
    section.lastElementChild.replaceChildren(...neighbours.photos.map((photo) => el("li", {},
      photo.picture
        ? el("img", {src: photo.picture, alt: `The training photo ${photo.name}`})
        : el("span", {class: "missing"}, photo.missing),
      el("span", {}, el("b", {}, photo.place), el("small", {}, photo.name),
        el("small", {}, photo.about)))));
  }

  toggle(index) {
    if (this.picked === index && !this.fresh) this.point(null);
    else this.point(index);
    this.fresh = false;
  }

  point(index) {
    this.fresh = index !== null && this.picked !== index;
    this.map.pick(index);
    this.describe(index);
    setTimeout(() => { this.fresh = false; }, 300);
  }

  /* Show the numbers of the picked cell, for touch screens and screen readers. */
  describe(index) {
    this.picked = index;
    for (const row of this.at("rows").children) {
      const own = index !== null && Number(row.dataset.index) === index;
      row.firstChild.setAttribute("aria-pressed", String(own));
    }
    const line = this.at("cell");
    if (index === null) {
      line.replaceChildren(el("span", {class: "hint"}, "Point at a cell or tap it to see its numbers."));
      return;
    }
    const source = this.map.model("cells");
    const text = this.content.readout.map((part) => part.replace(/@(\w+)/g,
      (_, name) => {
        const value = source.get_column(name)[index];
        return typeof value === "number" ? value.toLocaleString("en") : value;
      }));
    line.replaceChildren(el("b", {}, text[0]), ...text.slice(1).map((part) => el("span", {}, part)));
  }

  paintKey() {
    const scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const colors = this.content.palettes[scheme].amounts;
    this.at("key").style.setProperty("--amounts", `linear-gradient(90deg, ${colors.join(",")})`);
  }

  drawKey(view) {
    this.paintKey();
    this.at("key-label").textContent = view.key.label;
    this.at("ticks").replaceChildren(...view.key.ticks.map(([at, text]) => {
      const tick = el("span", {}, text);
      tick.style.left = `${100 * at}%`;
      // A tick at an end of the key must not reach beyond it.
      tick.className = at < 0.03 ? "first" : at > 0.97 ? "last" : "";
      return tick;
    }));
  }

  /* Hide the cells whose colours lie below the slider, and say how many remain. */
  hide() {
    const {key} = this.view;
    const slider = this.at("threshold");
    const at = Number(slider.value) / Number(slider.max);
    const kept = this.map.hideBelow(key.shade, at);
    const cells = this.map.model("cells");
    const all = kept.length.toLocaleString("en");
    const count = kept.filter(Boolean).length;
    let text = `All ${counted(kept.length, "cell")} shown; drag to hide the lowest`;
    if (count < kept.length) {
      text = `${count.toLocaleString("en")} of ${all} cells shown`;
      if (key.summed) {
        const values = Array.from(cells.get_column(key.summed));
        const sum = (rows) => rows.reduce((total, value) => total + value, 0);
        const held = sum(values.filter((_, row) => kept[row])) / sum(values);
        text += `, with ${percent(held)} of the ${key.what}`;
      }
    }
    this.at("kept").textContent = text;
    slider.setAttribute("aria-valuetext", text);
    this.at("key").style.setProperty("--at", at);
  }
}

new Page(JSON.parse(document.getElementById("content").textContent)).start();
