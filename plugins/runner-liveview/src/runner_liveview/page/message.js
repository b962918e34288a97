// What the server sends: see message.py.

/** A message as {head, picture, planes}: the JSON, an ImageBitmap or null, and for each brain its planes as pixels. */
export async function read(buffer) {
  const view = new DataView(buffer);
  const sent = view.getFloat64(0); // the server's clock when it was sent, in seconds
  const length = view.getUint32(8);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 12, length)));
  const [picture, ...planes] = blobs(buffer, 12 + length, head.blobs);
  return {
    head,
    age: head.taken === null ? null : Math.max(0, sent - head.taken),
    arrived: performance.now(),
    picture: picture.byteLength ? await createImageBitmap(new Blob([picture], { type: "image/jpeg" })) : null,
    planes: await allPlanes(head.brains, planes),
  };
}

function blobs(buffer, start, lengths) {
  let at = start;
  return lengths.map((length) => {
    at += length;
    return new Uint8Array(buffer, at - length, length);
  });
}

/** brain -> [{kind, values, pixels}], pixels an ImageData whose red is the value. */
async function allPlanes(brains, pngs) {
  const found = new Map();
  for (const brain of brains) {
    const planes = [];
    for (const told of brain.planes ?? []) planes.push({ ...told, pixels: await greys(pngs.shift()) });
    found.set(brain.brain, planes);
  }
  return found;
}

async function greys(png) {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }), options);
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, context.canvas.width, context.canvas.height);
}
