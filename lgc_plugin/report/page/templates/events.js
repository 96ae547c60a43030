"use strict";
// Events of a clip at a threshold, exactly as Python decodes them.

/** Frame scores of (classes, frames) from base64, as float32. */
function decodeScores(text) {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** Runs of frames whose score is greater than the threshold of the class. */
function eventsOfScores(scores, edges, limits) {
  const frames = edges.length - 1;
  const events = [];
  limits.forEach((threshold, label) => {
    // Compared in the precision of the scores.
    const limit = Math.fround(threshold);
    let first = -1;
    for (let frame = 0; frame <= frames; frame += 1) {
      const active =
        frame < frames && scores[label * frames + frame] > limit;
      if (active && first < 0) first = frame;
      if (!active && first >= 0) {
        events.push({ label, onset: edges[first], offset: edges[frame] });
        first = -1;
      }
    }
  });
  return events;
}

function asEvent([label, onset, offset]) {
  return { label, onset, offset };
}

/** Boxes whose confidence is greater than the threshold of the class. */
function eventsOfBoxes(boxes, limits) {
  return boxes
    .filter(([label, , , confidence]) =>
      Math.fround(confidence) > Math.fround(limits[label])
    )
    .map(asEvent);
}

/** The operating point nearest to a threshold; the lower of two. */
function nearestPoint(points, threshold) {
  const gap = (point) => Math.abs(point.threshold - threshold);
  return points.reduce((best, point) =>
    gap(point) < gap(best) - 1e-9 ? point : best
  );
}

/** Events as they were detected at the operating points nearest to limits. */
function eventsOfPoints(points, limits) {
  if (!points.length) return [];
  return limits.flatMap((limit, label) =>
    nearestPoint(points, limit)
      .events.filter((event) => event[0] === label)
      .map(asEvent)
  );
}

/**
 * Events of one system in one clip: at one threshold for all classes, or, if
 * it is null, at those that were decided for, one per class.
 */
function eventsAt(entry, threshold, decided) {
  if (entry.mode === "points" && threshold === null) {
    return entry.decided.map(asEvent);
  }
  const limits = decided.map((limit) => threshold ?? limit);
  if (entry.mode === "points") return eventsOfPoints(entry.points, limits);
  if (entry.mode === "boxes") return eventsOfBoxes(entry.boxes, limits);
  entry.values ??= decodeScores(entry.scores);
  return eventsOfScores(entry.values, entry.edges, limits);
}
