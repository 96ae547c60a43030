"use strict";
// Players and timelines of the clips, and the threshold of all of them.

const page = JSON.parse(document.getElementById("clip-data").textContent);
const SEEK_SECONDS = 0.5;

class ClipView {
  constructor(article) {
    this.clip = page.clips[Number(article.dataset.clip)];
    this.audio = article.querySelector("audio");
    this.button = article.querySelector(".play");
    this.timeline = article.querySelector(".timeline");
    this.rows = article.querySelector(".rows");
    this.counts = article.querySelector(".counts");
    this.time = article.querySelector(".time");
    this.axis = article.querySelector(".time-ticks");
    this.position = 0;
    this.drawAxis();
    this.listen();
    this.show(0);
  }

  drawAxis() {
    const { seconds } = this.clip;
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 600];
    const step = steps.find((each) => seconds / each <= 10) ?? seconds / 10;
    for (let time = 0; time <= seconds + 1e-9; time += step) {
      const tick = element("span", "", String(Number(time.toFixed(2))));
      tick.style.left = `${(100 * time) / seconds}%`;
      this.axis.append(tick);
    }
  }

  listen() {
    this.timeline.addEventListener("keydown", (event) => this.key(event));
    this.timeline.addEventListener("pointerdown", (event) => {
      this.timeline.setPointerCapture(event.pointerId);
      this.seekTo(event);
    });
    this.timeline.addEventListener("pointermove", (event) => {
      if (this.timeline.hasPointerCapture(event.pointerId)) this.seekTo(event);
    });
    if (!this.audio) return;
    this.button.addEventListener("click", () => this.toggle());
    this.audio.addEventListener("play", () => this.follow());
    for (const name of ["play", "pause", "ended"]) {
      this.audio.addEventListener(name, () => {
        this.button.textContent = this.audio.paused ? "Play" : "Pause";
      });
    }
  }

  key(event) {
    const moves = {
      ArrowLeft: () => this.seek(this.position - SEEK_SECONDS),
      ArrowRight: () => this.seek(this.position + SEEK_SECONDS),
      Home: () => this.seek(0),
      End: () => this.seek(this.clip.seconds),
      " ": () => this.toggle(),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  }

  toggle() {
    if (!this.audio) return;
    if (!this.audio.paused) {
      this.audio.pause();
      return;
    }
    for (const view of views) {
      if (view !== this) view.audio?.pause();
    }
    this.audio.play();
  }

  /** Moves the cursor with the sound. */
  follow() {
    this.show(this.audio.currentTime);
    if (!this.audio.paused) requestAnimationFrame(() => this.follow());
  }

  seekTo(event) {
    const lane = this.axis.getBoundingClientRect();
    const share = (event.clientX - lane.left) / lane.width;
    this.seek(share * this.clip.seconds);
  }

  seek(seconds) {
    const time = Math.min(Math.max(seconds, 0), this.clip.seconds);
    if (this.audio) this.audio.currentTime = time;
    this.show(time);
  }

  show(time) {
    this.position = time;
    const text = `${time.toFixed(2)} of ${this.clip.seconds.toFixed(2)} s`;
    const share = Math.min(time / this.clip.seconds, 1);
    this.timeline.style.setProperty("--at", share);
    this.timeline.setAttribute("aria-valuenow", time.toFixed(2));
    this.timeline.setAttribute("aria-valuetext", text);
    this.time.textContent = text;
  }

  /** Draws the events at a threshold; null: at those of the systems. */
  draw(threshold) {
    const limits = page.systems.map((system) =>
      system.thresholds.map((limit) => threshold ?? limit)
    );
    const found = this.clip.systems.map((entry, number) =>
      eventsAt(entry, threshold, page.systems[number].thresholds)
    );
    const names = classesToShow(this.clip, page, found);
    const drawn = names.map((name) =>
      drawRow(name, this.clip, page, found, limits)
    );
    const nothing = element("div", "none", "no event, and none detected");
    this.rows.replaceChildren(...(drawn.length ? drawn : [nothing]));
    const counts = page.systems.map(
      (system, number) => `${system.name} ${found[number].length}`
    );
    this.counts.textContent =
      `events: truth ${this.clip.truth.length}, ${counts.join(", ")}`;
  }
}

function drawLegend() {
  const sources = [
    ["truth", "var(--ink)"],
    ...page.systems.map((x) => [x.name, `var(--system-${x.color})`]),
  ];
  for (const [name, color] of sources) {
    const entry = element("span", "", name);
    const key = element("span", "key");
    key.style.background = color;
    entry.prepend(key);
    document.getElementById("legend").append(entry);
  }
}

/** The slider, which begins at the first system's own threshold. */
function startSlider() {
  const slider = document.getElementById("threshold");
  if (!slider) return;
  const text = document.getElementById("threshold-text");
  const own = page.systems[0].thresholds[0];
  [slider.min, slider.max] = page.range;
  function choose(threshold) {
    text.textContent =
      threshold === null ? "as decided" : threshold.toFixed(2);
    for (const view of views) view.draw(threshold);
  }
  slider.value = own;
  slider.addEventListener("input", () => choose(Number(slider.value)));
  document.getElementById("reset").addEventListener("click", () => {
    slider.value = own;
    choose(null);
  });
}

const views = [...document.querySelectorAll(".clip")].map(
  (article) => new ClipView(article)
);
drawLegend();
for (const view of views) view.draw(null);
startSlider();
