// SPDX-License-Identifier: Apache-2.0
// What part of the map is looked at, and moving it by pointer, wheel and keys. Map coordinates are -1 to 1, y upwards.

const least = 0.6;
const most = 400;

/** The view: a centre on the map and how many times it is enlarged. */
export class Plane {
  constructor(canvas, changed) {
    Object.assign(this, {canvas, changed, x: 0, y: 0, zoom: 1, width: 1, height: 1, pointers: new Map(), moved: 0, home: {x: 0, y: 0, across: 1, up: 1}});
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.enlarge(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.offsetX, event.offsetY);
    }, {passive: false});
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  /** Pixels for one unit of the map: at zoom 1 all of it fits. */
  get scale() { return Math.min((this.width / 2 - 34) / this.home.across, (this.height / 2 - 34) / this.home.up) * this.zoom; }

  /** Takes what is to be seen at zoom 1; who has not moved stays with all of it in view. */
  frame(xs, ys) {
    const span = (values) => {
      let [low, high] = [Infinity, -Infinity];
      for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
      return low <= high ? [(low + high) / 2, Math.max((high - low) / 2, 0.05)] : [0, 1];
    };
    const isHome = this.zoom === 1 && this.x === this.home.x && this.y === this.home.y;
    const [[x, across], [y, up]] = [span(xs), span(ys)];
    this.home = {x, y, across, up};
    if (isHome) Object.assign(this, {x, y});
  }

  resize(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.changed();
  }

  toScreen(x, y) { return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 - (y - this.y) * this.scale]; }

  /** Enlarges around a place on the screen, the middle unless told. */
  enlarge(factor, left = this.width / 2, top = this.height / 2) {
    const before = this.scale;
    this.zoom = Math.max(least, Math.min(most, this.zoom * factor));
    const shift = 1 / before - 1 / this.scale;
    this.x += (left - this.width / 2) * shift;
    this.y -= (top - this.height / 2) * shift;
    this.settle();
  }

  shift(left, top) {
    this.x -= left / this.scale;
    this.y += top / this.scale;
    this.settle();
  }

  showAll() {
    Object.assign(this, {x: this.home.x, y: this.home.y, zoom: 1});
    this.changed();
  }

  settle() {
    this.x = Math.max(-1.2, Math.min(1.2, this.x));
    this.y = Math.max(-1.2, Math.min(1.2, this.y));
    this.changed();
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.pointers.size === 1) this.moved = 0;
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.offsetX, event.offsetY];
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    this.moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (!other) return this.shift(now[0] - before[0], now[1] - before[1]);
    const apart = (place) => Math.max(8, Math.hypot(place[0] - other[0], place[1] - other[1]));
    this.shift((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    this.enlarge(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }

  key(event) {
    const step = 60;
    const moves = {ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step]};
    if (event.key in moves) this.shift(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") this.enlarge(1.4);
    else if (event.key === "-" || event.key === "−") this.enlarge(1 / 1.4);
    else if (event.key === "0") this.showAll();
    else return;
    event.preventDefault();
  }
}
