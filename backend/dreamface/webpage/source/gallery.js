// The gallery, its filters, and the panel beside a head. `write_page` puts this file into index.html, because a page
// that was opened from disk may load classic scripts but no modules. It works without the 3D view, `viewer.js`.
//
// What the page shows comes from page/faces.js as `window.dreamface`: see `write_page`. A face has `facets`, one value
// for each of the page's `facets`: a number, a word, or null where it has none. Texts are only ever set as text, so no
// prompt can become markup.

const page = window.dreamface ?? { title: "", facets: [], faces: [], viewer: "", build: "", shapes: [], expressions: [] };
const people = page.faces.filter((face) => !face.reason);
const find = (id) => document.getElementById(id);

/** How many bars the histogram of a range has. */
const BARS = 28;
/** Filters that are shown at first, beside those that a casting goes by. */
const MORE_AT_FIRST = 2;
/** Milliseconds in which a head takes on an expression. */
const EASE = 260;

/** Regions of the blend shapes, and how the names of their shapes begin. */
const REGIONS = [
  ["Eyes", /^eye/],
  ["Brows", /^brow/],
  ["Jaw", /^jaw/],
  ["Mouth", /^(mouth(?!Smile|Frown|Dimple|Stretch)|tongue)/],
  ["Mouth corners", /^mouth(Smile|Frown|Dimple|Stretch)/],
  ["Cheeks and nose", /^(cheek|nose)/],
];

/** Make an element: its tag, its properties, its children (elements or texts). */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** "mouthSmileLeft" as people write it. */
function inWords(shape) {
  const words = shape.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words[0].toUpperCase() + words.slice(1);
}

/** Words with all their accents taken away, in small letters, for searching. */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

// ----------------------------------------------------------------------------------------------------------- filters

/** By how much a facet varies in this batch, 0..1: the spread of numbers, or how evenly words are mixed. */
function variation(facet, index) {
  const values = people.map((face) => face.facets[index]).filter((value) => value !== null);
  if (values.length < 2) return 0;
  if (facet.kind === "range") {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    return Math.min(1, (spread / (facet.high - facet.low)) * 3);
  }
  const shares = [...counted(values).values()].map((count) => count / values.length);
  const entropy = -shares.reduce((sum, share) => sum + share * Math.log(share), 0);
  return shares.length < 2 ? 0 : entropy / Math.log(Math.max(shares.length, 4));
}

/** How often each value is there. */
function counted(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Chips for the words of a facet; a face passes that has any of the chosen ones. */
class Choice {
  constructor(facet, index, changed) {
    const counts = counted(people.map((face) => face.facets[index]).filter((value) => value !== null));
    this.index = index;
    this.chosen = new Set();
    const words = [...counts].sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0]));
    const chips = words.map(([word, count]) => this.chip(word, count, changed));
    this.element = make("div", { className: "facet" }, title(facet.label), make("div", { className: "chips" }, ...chips));
    this.chips = chips;
  }

  chip(word, count, changed) {
    const chip = make("button", { type: "button", className: "chip" }, word, make("small", {}, String(count)));
    chip.setAttribute("aria-pressed", "false");
    chip.addEventListener("click", () => {
      const on = !this.chosen.delete(word);
      if (on) this.chosen.add(word);
      chip.setAttribute("aria-pressed", String(on));
      changed();
    });
    return chip;
  }

  get active() {
    return this.chosen.size > 0;
  }

  passes(face) {
    return !this.active || this.chosen.has(face.facets[this.index]);
  }

  clear() {
    this.chosen.clear();
    for (const chip of this.chips) chip.setAttribute("aria-pressed", "false");
  }
}

/** Two thumbs on one track, under a histogram of the batch. */
class Range {
  constructor(facet, index, changed) {
    const values = people.map((face) => face.facets[index]).filter((value) => value !== null);
    this.index = index;
    // The thumbs go by decimals: 0.6599999999999999 for 0.66 would put the upper one below the largest value.
    this.step = tidy(facet.unit === "years" ? 1 : (facet.high - facet.low) / 100);
    this.lowest = tidy(Math.floor(Math.min(...values) / this.step) * this.step);
    this.highest = tidy(Math.ceil(Math.max(...values) / this.step) * this.step);
    this.unit = facet.unit;
    this.output = make("output");
    this.low = this.thumb(`${facet.label}, at least`, this.lowest, changed);
    this.high = this.thumb(`${facet.label}, at most`, this.highest, changed);
    const range = make("div", { className: "range" }, this.low, this.high);
    range.prepend(this.histogram(values));
    this.element = make("div", { className: "facet" }, title(facet.label, this.output), range);
    this.show();
  }

  thumb(label, value, changed) {
    const thumb = make("input", { type: "range", min: this.lowest, max: this.highest, step: this.step, value });
    thumb.setAttribute("aria-label", label);
    thumb.addEventListener("input", () => {
      if (thumb === this.low) thumb.value = Math.min(thumb.value, this.high.value);
      else thumb.value = Math.max(thumb.value, this.low.value);
      this.show();
      changed();
    });
    return thumb;
  }

  histogram(values) {
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("viewBox", `0 0 ${BARS} 30`);
    drawing.setAttribute("preserveAspectRatio", "none");
    const width = (this.highest - this.lowest) / BARS || 1;
    const bars = new Array(BARS).fill(0);
    for (const value of values) bars[Math.min(BARS - 1, Math.floor((value - this.lowest) / width))] += 1;
    const most = Math.max(...bars);
    this.bars = bars.map((count, place) => {
      const height = count && Math.max(2, (count / most) * 28);
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [name, value] of Object.entries({ x: place + 0.1, y: 30 - height, width: 0.8, height })) bar.setAttribute(name, value);
      drawing.append(bar);
      return { bar, middle: this.lowest + (place + 0.5) * width };
    });
    return drawing;
  }

  show() {
    const said = (value) => String(Math.round(value * 100) / 100).replace("-", "\u2212");
    this.output.textContent = `${said(+this.low.value)} \u2013 ${said(+this.high.value)}${this.unit ? ` ${this.unit}` : ""}`;
    for (const { bar, middle } of this.bars) bar.classList.toggle("in", this.active && middle >= +this.low.value && middle <= +this.high.value);
  }

  get active() {
    return +this.low.value > this.lowest || +this.high.value < this.highest;
  }

  passes(face) {
    const value = face.facets[this.index];
    return !this.active || (value !== null && value >= +this.low.value - 1e-9 && value <= +this.high.value + 1e-9);
  }

  clear() {
    this.low.value = this.lowest;
    this.high.value = this.highest;
    this.show();
  }
}

/** A number without what binary fractions leave behind. */
function tidy(value) {
  return Number(value.toFixed(6));
}

function title(label, ...more) {
  return make("div", { className: "facet-title" }, make("span", {}, label), ...more);
}

// ----------------------------------------------------------------------------------------------------------- gallery

/** The grid of faces: which of them are shown, and in which order. */
class Gallery {
  constructor() {
    this.filters = [];
    this.shown = people;
    this.cards = new Map(page.faces.map((face) => [face, card(face)]));
    this.searchable = new Map(page.faces.map((face) => [face, plain(`${face.name} ${face.prompt ?? ""} ${face.seed ?? ""}`)]));
    find("grid").append(...this.cards.values());
    this.addFilters();
    this.addSorting();
    find("search").addEventListener("input", () => this.update());
    find("clear").addEventListener("click", () => this.clear());
    find("filters-button").addEventListener("click", () => {
      const open = find("filters").classList.toggle("open");
      find("filters-button").setAttribute("aria-expanded", String(open));
    });
    this.update();
  }

  /** Filters that vary most come first; those that do not vary are not there. */
  addFilters() {
    const varying = page.facets
      .map((facet, index) => ({ facet, index, varies: variation(facet, index) }))
      .filter(({ varies }) => varies > 0.02)
      .sort((one, other) => other.facet.main - one.facet.main || other.varies - one.varies);
    const first = varying.filter(({ facet }, place) => facet.main || place < varying.filter((one) => one.facet.main).length + MORE_AT_FIRST);
    for (const { facet, index } of first) this.addFilter(facet, index);
    const rest = varying.slice(first.length);
    const more = find("more");
    more.append(make("option", { value: "", textContent: "Add a filter\u2026" }));
    more.append(...rest.map(({ facet, index }) => make("option", { value: index, textContent: facet.label })));
    more.parentElement.hidden = !rest.length;
    more.addEventListener("change", () => {
      const index = Number(more.value);
      more.selectedOptions[0].remove();
      more.value = "";
      this.addFilter(page.facets[index], index);
    });
  }

  addFilter(facet, index) {
    const filter = new (facet.kind === "range" ? Range : Choice)(facet, index, () => this.update());
    this.filters.push(filter);
    find("facets").append(filter.element);
  }

  addSorting() {
    const ways = [["", "As made"], ["name", "Name"], ["seed", "Seed"]];
    const numbers = page.facets.map((facet, index) => [`${index}`, facet.label, facet]).filter(([, , facet]) => facet.kind === "range");
    for (const [value, label] of [...ways, ...numbers]) find("sort").append(make("option", { value, textContent: label }));
    find("sort").addEventListener("change", () => this.update());
  }

  clear() {
    for (const filter of this.filters) filter.clear();
    find("search").value = "";
    this.update();
  }

  /** Show the faces that pass all filters and have all the words. */
  update() {
    const words = plain(find("search").value).split(/\s+/).filter(Boolean);
    const active = this.filters.filter((filter) => filter.active);
    const has = (face) => words.every((word) => this.searchable.get(face).includes(word));
    const passes = (face) => has(face) && (face.reason ? !active.length : active.every((filter) => filter.passes(face)));
    const shown = this.sorted(page.faces.filter(passes));
    const visible = new Set(shown);
    for (const [face, element] of this.cards) element.hidden = !visible.has(face);
    if (this.order !== find("sort").value) {
      this.order = find("sort").value;
      find("grid").append(...this.sorted(page.faces).map((face) => this.cards.get(face)));
    }
    this.shown = shown.filter((face) => !face.reason);
    const damaged = shown.length - this.shown.length;
    const all = people.length === this.shown.length ? "" : ` of ${people.length.toLocaleString("en")}`;
    find("count").textContent = `${this.shown.length.toLocaleString("en")}${all} ${people.length === 1 ? "face" : "faces"}${damaged ? `, ${damaged} damaged` : ""}`;
    find("nobody").hidden = shown.length > 0;
    find("clear").hidden = !active.length && !words.length;
    find("filters-button").textContent = active.length ? `Filters (${active.length})` : "Filters";
  }

  sorted(faces) {
    const way = find("sort").value;
    if (way === "") return faces;
    if (way === "name") return [...faces].sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
    const value = (face) => (face.reason ? Infinity : way === "seed" ? face.seed : face.facets[Number(way)] ?? Infinity);
    return [...faces].sort((one, other) => value(one) - value(other));
  }
}

/** A face in the grid. */
function card(face) {
  if (face.reason) {
    const frame = make("span", { className: "frame empty" }, face.reason);
    return make("div", { className: "card damaged" }, frame, make("span", { className: "words" }, face.name), make("span", { className: "small" }, "Damaged"));
  }
  const frame = make("span", { className: face.thumbnail ? "frame" : "frame empty" });
  if (face.thumbnail) frame.append(make("img", { loading: "lazy", decoding: "async", alt: "", width: 320, height: 320, src: face.thumbnail }));
  else frame.append("No picture");
  const words = make("span", { className: "words", title: face.prompt }, face.prompt || face.name);
  const element = make("button", { type: "button", className: "card" }, frame, words, make("span", { className: "small" }, `Seed ${face.seed}`));
  element.addEventListener("click", () => open(face));
  return element;
}

// -------------------------------------------------------------------------------------------------------------- a head

const waiting = new Map();

/** Called by the scripts in page/heads/: hand a head's gzipped GLB, in base64, to whoever waits for it. */
window.dreamfaceHead = (name, data) => {
  waiting.get(name)?.(data);
  waiting.delete(name);
};

/** Load a classic script; rejects where it is not there. */
function load(source) {
  return new Promise((resolve, reject) => {
    const script = make("script", { src: source });
    script.addEventListener("load", () => resolve(script.remove()));
    script.addEventListener("error", () => reject(script.remove()));
    document.head.append(script);
  });
}

/** The GLB of a face's head. */
async function glbOf(face) {
  const handed = new Promise((resolve) => waiting.set(face.name, resolve));
  await load(face.head);
  const packed = Uint8Array.from(atob(await handed), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** The open head: its panel, its blend shapes and its picture. */
class HeadView {
  constructor(gallery) {
    this.gallery = gallery;
    this.face = null;
    this.weights = new Map(page.shapes.map((shape) => [shape, 0]));
    this.addSliders();
    this.addPresets();
    find("reset").addEventListener("click", () => this.wear(this.face.worn));
    find("close").addEventListener("click", () => close());
    find("previous").addEventListener("click", () => this.step(-1));
    find("next").addEventListener("click", () => this.step(1));
    for (const [id, text] of [["copy-prompt", () => this.face.prompt], ["copy-seed", () => String(this.face.seed)]]) {
      find(id).addEventListener("click", () => copy(find(id), text()));
    }
    find("canvas").addEventListener("pointerdown", () => document.querySelector(".stage").classList.add("turned"));
    window.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    if (!this.face || event.altKey || event.ctrlKey || event.metaKey) return;
    const sliding = event.target.matches?.("input, select");
    if (event.key === "Escape") close();
    else if (event.key === "ArrowLeft" && !sliding) this.step(-1);
    else if (event.key === "ArrowRight" && !sliding) this.step(1);
    else return;
    event.preventDefault();
  }

  step(by) {
    const shown = this.gallery.shown.includes(this.face) ? this.gallery.shown : people;
    open(shown[(shown.indexOf(this.face) + by + shown.length) % shown.length]);
  }

  addSliders() {
    this.sliders = new Map();
    REGIONS.forEach(([label, names], place) => {
      const shapes = page.shapes.filter((shape) => names.test(shape));
      const details = make("details", { open: place === 2 }, make("summary", {}, label), ...shapes.map((shape) => this.slider(shape)));
      find("sliders").append(details);
    });
  }

  slider(shape) {
    const input = make("input", { type: "range", id: `shape-${shape}`, min: 0, max: 1, step: 0.01, value: 0 });
    const row = make("label", { className: "slider", title: shape }, make("span", {}, inWords(shape)), input, make("output", {}, "0"));
    input.addEventListener("input", () => {
      cancelAnimationFrame(this.easing);
      this.set(shape, Number(input.value));
      this.pressed(null);
      this.draw();
    });
    this.sliders.set(shape, { input, row });
    return row;
  }

  addPresets() {
    this.presets = page.expressions.map((expression) => {
      const chip = make("button", { type: "button", className: "chip" }, expression.label);
      chip.addEventListener("click", () => this.wear(expression.weights, chip));
      return chip;
    });
    find("presets").append(...this.presets);
  }

  pressed(chip) {
    for (const preset of this.presets) preset.setAttribute("aria-pressed", String(preset === chip));
  }

  /** Go over to an expression: shape -> weight, all others 0. */
  wear(weights, chip = null, at = EASE) {
    cancelAnimationFrame(this.easing);
    this.pressed(chip);
    const before = new Map(this.weights);
    const begun = performance.now();
    const still = at === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const move = (now) => {
      const part = still ? 1 : Math.min(1, Math.max(0, now - begun) / at);
      const eased = part * part * (3 - 2 * part);
      for (const [shape, from] of before) this.set(shape, from + ((weights[shape] ?? 0) - from) * eased);
      this.draw();
      if (part < 1) this.easing = requestAnimationFrame(move);
    };
    move(begun);
  }

  set(shape, weight) {
    const { input, row } = this.sliders.get(shape);
    this.weights.set(shape, weight);
    input.value = weight;
    input.style.setProperty("--at", `${weight * 100}%`);
    row.lastElementChild.textContent = Math.round(weight * 100) / 100;
    row.classList.toggle("moved", weight > 0.005);
  }

  draw() {
    for (const details of find("sliders").children) details.firstElementChild.classList.toggle("moved", details.querySelector(".slider.moved") !== null);
    find("reset").disabled = page.shapes.every((shape) => Math.abs(this.weights.get(shape) - (this.face?.worn[shape] ?? 0)) < 0.005);
    this.viewer?.setWeights(this.weights);
  }

  /** Show a face; null closes the view. */
  async show(face) {
    this.face = face;
    find("head").hidden = !face;
    document.body.classList.toggle("open", Boolean(face));
    for (const behind of document.querySelectorAll("header, .gallery, footer")) behind.inert = Boolean(face);
    if (!face) return;
    if (!find("head").contains(document.activeElement)) find("canvas").focus({ preventScroll: true });
    this.describe(face);
    const inThree = Boolean(face.head && page.viewer);
    const stage = document.querySelector(".stage");
    stage.classList.remove("lit");
    stage.classList.toggle("waiting", inThree);
    find("picture").hidden = !(face.picture || face.thumbnail);
    find("picture").src = face.picture || face.thumbnail;
    find("picture").onerror = () => (find("picture").onerror = null) ?? (find("picture").src = face.thumbnail);
    find("shaping").hidden = !inThree;
    this.tell(inThree ? "" : page.viewer ? face.missing : page.build);
    this.wear(face.worn, null, 0);
    if (inThree) await this.light(face, stage);
  }

  /** Show a face in 3D; where that fails, its picture stays, and why. */
  async light(face, stage) {
    try {
      if (!window.dreamfaceViewer) await load(page.viewer);
      this.viewer ??= window.dreamfaceViewer.create(find("canvas"));
      const glb = await glbOf(face);
      if (this.face !== face) return;
      await this.viewer.show(glb);
      if (this.face !== face) return;
      this.viewer.setWeights(this.weights);
      stage.classList.add("lit");
    } catch (error) {
      if (this.face !== face) return;
      find("shaping").hidden = true;
      this.tell("This browser can't show the head in 3D: try another one, or switch on WebGL in its settings.");
      console.warn(error);
    }
    stage.classList.remove("waiting");
  }

  tell(message) {
    find("message").textContent = message;
    find("message").hidden = !message;
  }

  describe(face) {
    find("name").textContent = face.name;
    find("facts").textContent = `Seed ${face.seed}, ${face.model} head, maps of ${face.resolution} pixels`;
    find("prompt").textContent = face.prompt;
    find("copy-prompt").hidden = !face.prompt;
    find("picture").alt = face.prompt || face.name;
    find("statement").textContent = face.statement;
    find("said-part").hidden = !face.said.length;
    find("said").replaceChildren(...face.said.flatMap(({ label, value, because }) => row(label, value, because && `From the words: ${because}`)));
    const facets = page.facets.map((facet, index) => [facet, face.facets[index]]).filter(([facet, value]) => facet.main && value !== null);
    find("traits").replaceChildren(...facets.flatMap(([facet, value]) => row(facet.label, `${value}${facet.unit ? ` ${facet.unit}` : ""}`)));
    find("panel").scrollTop = 0;
  }
}

/** A line of a list; a colour has a swatch. */
function row(label, value, why = "") {
  const shown = make("dd", { title: why });
  if (/^#[0-9a-f]{6}$/.test(value)) {
    const swatch = make("i");
    swatch.style.background = value;
    shown.append(swatch);
  }
  shown.append(value);
  return [make("dt", {}, label), shown];
}

/** Put a text into the clipboard, which pages from disk may do in some browsers only by an old way. */
async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = make("textarea", { value: text });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1200);
}

// ------------------------------------------------------------------------------------- which head is open: the address

function open(face) {
  location.hash = encodeURIComponent(face.name);
}

function close() {
  const face = view.face;
  history.pushState(null, "", location.pathname + location.search);
  view.show(null);
  gallery.cards.get(face)?.focus({ preventScroll: true });
  gallery.cards.get(face)?.scrollIntoView({ block: "nearest" });
}

function follow() {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    // an address that somebody typed
  }
  const face = people.find((one) => one.name === name) ?? null;
  if (face !== view.face) view.show(face);
}

const gallery = new Gallery();
const view = new HeadView(gallery);
if (!page.viewer && people.length) {
  find("note").textContent = page.build;
  find("note").hidden = false;
}
window.addEventListener("hashchange", follow);
window.addEventListener("popstate", follow);
if (people.length === 1 && page.faces.length === 1 && !location.hash) open(people[0]);
follow();
