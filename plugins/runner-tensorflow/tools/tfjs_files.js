// Writes tests/tfjs/: layers as TensorFlow.js saves them, and what it computes with them.
//
// Run by hand, in a folder of its own: `npm install @tensorflow/tfjs`, then `node tfjs_files.js FOLDER`.

const fs = require("fs");
const path = require("path");
const tf = require("@tensorflow/tfjs");

const folder = process.argv[2];
const SIDE = 12;

function makeBase() {
  const image = tf.input({ shape: [SIDE, SIDE, 3] });
  let features = tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", useBias: false }).apply(image);
  features = tf.layers.batchNormalization({}).apply(features);
  features = tf.layers.reLU({ maxValue: 6 }).apply(features);
  let skipped = tf.layers.depthwiseConv2d({ kernelSize: 3, padding: "same", useBias: false }).apply(features);
  skipped = tf.layers.leakyReLU({ alpha: 0.1 }).apply(skipped);
  features = tf.layers.add().apply([features, skipped]);
  features = tf.layers.activation({ activation: "hardSigmoid" }).apply(features);
  return tf.model({ inputs: image, outputs: tf.layers.globalAveragePooling2d({}).apply(features) });
}

function fill(model) {
  const draw = (size, seed) => Array.from({ length: size }, (_, k) => 0.02 + (((k * 37 + seed * 11) % 97) / 97) * 0.5);
  model.setWeights(model.getWeights().map((weight, seed) => tf.tensor(draw(weight.size, seed), weight.shape)));
}

async function main() {
  await tf.setBackend("cpu");
  const head = tf.sequential({
    layers: [
      tf.layers.dense({ units: 5, activation: "relu", inputShape: [4] }),
      tf.layers.dense({ units: 3, activation: "tanh", useBias: false }),
    ],
  });
  const model = tf.sequential({ layers: [makeBase(), head] });
  fill(model);
  const save = async (made) => {
    const manifest = [{ paths: ["./weights.bin"], weights: made.weightSpecs }];
    const { modelTopology, format, generatedBy, convertedBy } = made;
    const described = { modelTopology, format, generatedBy, convertedBy, weightsManifest: manifest };
    fs.writeFileSync(path.join(folder, "model.json"), JSON.stringify(described));
    fs.writeFileSync(path.join(folder, "weights.bin"), Buffer.from(made.weightData));
    return { modelArtifactsInfo: {} };
  };
  await model.save(tf.io.withSaveHandler(save));
  const pixels = tf.linspace(-1, 1, SIDE * SIDE * 3).reshape([1, SIDE, SIDE, 3]);
  fs.writeFileSync(path.join(folder, "expected.json"), JSON.stringify(await model.predict(pixels).array()) + "\n");
}

main();
