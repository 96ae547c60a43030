"use strict";
// A row for each class: its true events, then a lane for each system.

const TRUTH_HEIGHT = 9;
const LANE_HEIGHT = 20;
const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  return element;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function shownLabel(label) {
  return label.replaceAll("_", " ");
}

/** An event as a bar, with a text to hover. */
function drawEvent(event, seconds, top, height, source, attributes) {
  const left = (100 * event.onset) / seconds;
  const width = (100 * (event.offset - event.onset)) / seconds;
  const bar = svgElement("rect", {
    x: `${left}%`, width: `${width}%`, y: top, height, ...attributes,
  });
  const title = svgElement("title", {});
  const [onset, offset] = [event.onset.toFixed(2), event.offset.toFixed(2)];
  title.textContent = `${source}: ${event.name}, ${onset} to ${offset} s`;
  bar.append(title);
  return bar;
}

/** Scores of one class as a line, from 0 (bottom) to 1. */
function drawCurve(entry, label, seconds, top, color, range) {
  const frames = entry.edges.length - 1;
  const place = svgElement("svg", {
    x: 0, y: top, width: "100%", height: LANE_HEIGHT - 2,
    viewBox: `0 0 ${seconds} 1`, preserveAspectRatio: "none",
  });
  const points = [];
  for (let frame = 0; frame < frames; frame += 1) {
    const score = entry.values[label * frames + frame];
    const height = 1 - (score - range[0]) / (range[1] - range[0]);
    points.push(`${entry.edges[frame]},${height}`);
    points.push(`${entry.edges[frame + 1]},${height}`);
  }
  place.append(svgElement("polyline", {
    class: "curve", points: points.join(" "), stroke: color,
  }));
  return place;
}

/** One row: name, true events, and each system's scores and events. */
function drawRow(name, clip, page, found, limits) {
  const height = TRUTH_HEIGHT + 3 + LANE_HEIGHT * page.systems.length;
  const picture = svgElement("svg", { height });
  for (const [label, onset, offset] of clip.truth) {
    if (label !== name) continue;
    const event = { name: shownLabel(name), onset, offset };
    picture.append(drawEvent(
      event, clip.seconds, 2, TRUTH_HEIGHT - 2, "truth", { class: "truth" }
    ));
  }
  page.systems.forEach((system, number) => {
    const top = TRUTH_HEIGHT + 2 + LANE_HEIGHT * number;
    const color = `var(--system-${system.color})`;
    const label = system.labels.indexOf(name);
    const entry = clip.systems[number];
    for (const event of found[number]) {
      if (event.label !== label) continue;
      picture.append(drawEvent(
        { ...event, name: shownLabel(name) }, clip.seconds, top,
        LANE_HEIGHT - 2, system.name,
        { class: "event", fill: color, stroke: color }
      ));
    }
    if (label < 0 || entry.mode !== "scores") return;
    const share = (limits[number][label] - page.range[0])
      / (page.range[1] - page.range[0]);
    const y = top + (LANE_HEIGHT - 2) * (1 - share);
    picture.append(svgElement("line", {
      class: "limit", x1: 0, x2: "100%", y1: y, y2: y,
    }));
    picture.append(drawCurve(
      entry, label, clip.seconds, top, color, page.range
    ));
  });
  const row = element("div", "track");
  const lane = element("div", "lane");
  lane.append(picture);
  row.append(element("div", "name", shownLabel(name)), lane);
  return row;
}

/** The classes that sound or are detected, in the order of the systems. */
function classesToShow(clip, page, found) {
  const names = new Set(clip.truth.map(([label]) => label));
  found.forEach((events, number) => {
    for (const event of events) {
      names.add(page.systems[number].labels[event.label]);
    }
  });
  const known = page.systems.flatMap((system) => system.labels);
  return [...new Set([...known, ...names])].filter((x) => names.has(x));
}
