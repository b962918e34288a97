// The picture with what was found, on a canvas.

const OPACITY = 110 / 255; // of masks and class maps, as in the pictures that runner writes

/** Draws a frame with the layers that `settings` (brain -> {shown, conf, boxes, masks, keypoints, names}) ask for. */
export function draw(canvas, frame, settings, letters) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (frame.picture) context.drawImage(frame.picture, 0, 0, canvas.width, canvas.height);
  const [width, height] = frame.head.size ?? [1, 1];
  const sheet = {
    context,
    x: canvas.width / width,
    y: canvas.height / height,
    line: Math.max(2, letters / 6),
    letters,
    tags: [],
  };
  const shown = frame.head.brains.filter((brain) => brain.instances && settings.of(brain.brain).shown);
  sheet.shared = sharedNames(shown);
  const layers = { masks, boxes, keypoints, names };
  for (const [layer, paint] of Object.entries(layers)) {
    for (const brain of shown) {
      const setting = settings.of(brain.brain);
      if (setting[layer]) paint(sheet, brain, passing(brain, setting.conf), frame);
    }
  }
}

/** The names that more than one brain gives: they need the name of their brain. */
function sharedNames(brains) {
  const names = brains.flatMap((brain) => [...new Set(Object.values(brain.classes).map(({ name }) => name))]);
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}

/** The rows that reach the score threshold, with their numbers; a row without a score passes. */
export function passing(brain, conf) {
  return brain.instances
    .map((instance, row) => ({ ...instance, ...brain.classes[instance.class], row }))
    .filter((instance) => (instance.score ?? 1) >= conf);
}

function masks(sheet, brain, rows, frame) {
  for (const plane of frame.planes.get(brain.brain) ?? []) {
    const colours = coloursOf(plane, brain, rows);
    const { width, height } = plane.pixels;
    const veil = new OffscreenCanvas(width, height);
    veil.getContext("2d").putImageData(coloured(plane.pixels, colours), 0, 0);
    sheet.context.globalAlpha = OPACITY;
    sheet.context.drawImage(veil, 0, 0, sheet.context.canvas.width, sheet.context.canvas.height);
    sheet.context.globalAlpha = 1;
  }
}

/** The colour of each value of a plane; none for what is hidden. */
function coloursOf(plane, brain, rows) {
  if (plane.kind === "classes") return plane.values.map((number) => brain.classes[number]?.colour);
  const colours = new Map(rows.map((row) => [row.row, row.colour]));
  return plane.values.map((row) => colours.get(row));
}

function coloured(greys, colours) {
  const table = new Uint32Array(256); // as the bytes lie in memory: red, green, blue, opacity
  const bytes = new Uint8Array(table.buffer);
  colours.forEach((colour, index) => {
    if (colour) bytes.set([...rgb(colour), 255], 4 * (index + 1));
  });
  const result = new ImageData(greys.width, greys.height);
  const pixels = new Uint32Array(result.data.buffer);
  for (let at = 0; at < pixels.length; at++) pixels[at] = table[greys.data[4 * at]];
  return result;
}

function rgb(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

function boxes(sheet, brain, rows) {
  const { context, line } = sheet;
  for (const row of rows.toReversed()) {
    if (!row.box) continue;
    const [x1, y1, x2, y2] = placed(sheet, row.box);
    for (const [colour, width] of [[row.ink, line + 2], [row.colour, line]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      if (row.corners) outline(sheet, row.corners);
      else context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
  }
}

/** Draws a turned box, of which `corners` has four [x, y]. */
function outline({ context, x, y }, corners) {
  context.beginPath();
  for (const [across, down] of corners) context.lineTo(across * x, down * y);
  context.closePath();
  context.stroke();
}

function placed(sheet, [x1, y1, x2, y2]) {
  return [x1 * sheet.x, y1 * sheet.y, x2 * sheet.x, y2 * sheet.y];
}

function keypoints(sheet, brain, rows) {
  const { context, line } = sheet;
  for (const row of rows.toReversed()) {
    if (!row.keypoints) continue;
    const points = row.keypoints.map(([x, y, score]) => ({ x: x * sheet.x, y: y * sheet.y, seen: score >= brain.limbs.least }));
    const pairs = brain.limbs.pairs.map(([a, b]) => [points[a], points[b]]).filter(([a, b]) => a.seen && b.seen);
    for (const [colour, width] of [[row.ink, line + 2], [row.colour, line]]) {
      context.strokeStyle = context.fillStyle = colour;
      context.lineWidth = width;
      for (const [a, b] of pairs) stroke(context, a, b);
      for (const point of points.filter((point) => point.seen)) dot(context, point, line + width / 2);
    }
  }
}

function stroke(context, a, b) {
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.lineTo(b.x, b.y);
  context.stroke();
}

function dot(context, { x, y }, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function names(sheet, brain, rows) {
  sheet.context.font = `600 ${sheet.letters}px system-ui, sans-serif`;
  sheet.context.textBaseline = "middle";
  const listed = [];
  for (const row of rows) {
    const text = tagOf(brain, row, sheet.shared);
    const area = areaOf(sheet, row, brain);
    if (area) tag(sheet, text, row, area);
    else if (listed.length < 8 && !brain.planes?.length) listed.push({ text, ...row });
  }
  for (const plane of brain.planes ?? []) {
    if (plane.kind === "classes") listed.push(...plane.values.slice(0, 8).map((number) => ({ ...brain.classes[number], text: brain.classes[number].name })));
  }
  list(sheet, listed);
}

function tagOf(brain, row, shared) {
  const name = shared.has(row.name) ? `${brain.brain}: ${row.name}` : row.name;
  const score = row.score === undefined ? "" : ` ${row.score.toFixed(2)}`;
  return `${name}${score}${row.track >= 0 ? ` #${row.track}` : ""}`;
}

function areaOf(sheet, row, brain) {
  if (row.box) return placed(sheet, row.box);
  const seen = row.keypoints?.filter((point) => point[2] >= brain.limbs.least);
  if (!seen?.length) return null;
  const [xs, ys] = [seen.map((point) => point[0]), seen.map((point) => point[1])];
  return placed(sheet, [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
}

/** The text, cut short where it is wider than the picture. */
function fitted({ context, letters }, text) {
  const room = context.canvas.width - letters * 0.7;
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end && context.measureText(`${text.slice(0, end)}…`).width > room) end -= 1;
  return `${text.slice(0, end)}…`;
}

/** A name on a filled ground, above what it names or where else it covers no other. */
function tag(sheet, name, { colour, ink }, [x1, y1, x2, y2]) {
  const { context, letters, tags } = sheet;
  const text = fitted(sheet, name);
  const [width, height] = [context.measureText(text).width + letters * 0.7, letters * 1.5];
  const places = [[x1, y1 - height], [x1, y1], [x2 - width, y1 - height], [x2 - width, y1], [x1, y2 - height], [x1, y2]];
  for (let step = 1; step < 6; step++) places.push([x1, y1 + step * height]);
  const inside = places.map(([x, y]) => ({
    x: Math.max(0, Math.min(x, context.canvas.width - width)),
    y: Math.max(0, Math.min(y, context.canvas.height - height)),
    width,
    height,
  }));
  const place = inside.find((one) => !tags.some((other) => overlap(one, other))) ?? inside[0];
  tags.push(place);
  write(context, text, place, colour, ink, letters * 0.35);
}

function overlap(a, b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function write(context, text, place, ground, ink, indent) {
  context.fillStyle = ground;
  context.fillRect(place.x, place.y, place.width, place.height);
  context.fillStyle = ink;
  context.fillText(text, place.x + indent, place.y + place.height / 2);
}

/** What is said of the picture as a whole, in its lower left corner. */
function list(sheet, rows) {
  const { context, letters, tags } = sheet;
  const height = letters * 1.5;
  rows.toReversed().forEach(({ text: whole, colour, ink }) => {
    const text = fitted(sheet, whole);
    const width = context.measureText(text).width + letters * 0.7;
    const lowest = tags.filter((one) => one.listed).length;
    const place = { x: 0, y: context.canvas.height - (lowest + 1) * height, width, height, listed: true };
    tags.push(place);
    write(context, text, place, colour, ink, letters * 0.35);
  });
}
