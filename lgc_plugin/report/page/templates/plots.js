"use strict";
// Draws each plot when it comes into view, in the colors of the page.

const figures = JSON.parse(
  document.getElementById("figure-data").textContent
);
const drawnPlots = new Set();

/** The value of a color of the style sheet, in this theme. */
function resolvedColor(text) {
  const probe = document.createElement("span");
  probe.style.color = text;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

/** A copy of a figure with its colors resolved. */
function resolved(value) {
  if (typeof value === "string") {
    return /^var\(--[\w-]+\)$/.test(value) ? resolvedColor(value) : value;
  }
  if (Array.isArray(value)) return value.map(resolved);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, resolved(each)])
  );
}

/** Runs plotly.js, which takes a while, when the first plot needs it. */
function loadPlotly() {
  const script = document.createElement("script");
  script.textContent = document.getElementById("plotly-source").textContent;
  document.head.append(script);
}

function drawPlot(place) {
  if (typeof Plotly === "undefined") loadPlotly();
  const figure = figures[Number(place.dataset.figure)];
  const grid = { gridcolor: "var(--line)", zerolinecolor: "var(--line)" };
  const layout = resolved({
    ...figure.layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: "var(--ink)", size: 12 },
    hoverlabel: {
      bgcolor: "var(--raised)", bordercolor: "var(--line)",
      font: { color: "var(--ink)" },
    },
    xaxis: { ...figure.layout.xaxis, ...grid },
    yaxis: { ...figure.layout.yaxis, ...grid },
  });
  const options = { displayModeBar: false, responsive: true };
  Plotly.react(place, resolved(figure.data), layout, options);
  drawnPlots.add(place);
}

function redrawPlots() {
  drawnPlots.forEach(drawPlot);
}

const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watcher.unobserve(entry.target);
      drawPlot(entry.target);
    }
  },
  { rootMargin: "100px" }
);
document.querySelectorAll(".plot").forEach((each) => watcher.observe(each));
