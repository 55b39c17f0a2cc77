#!/usr/bin/env bash
# onnxruntime's Resize with tf_crop_and_resize forgets the region along an axis whose size does not change: a quarter of a picture enlarged to the
# picture's own size is the whole picture.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

// The upper left 2 × 2 of a 4 × 4 picture: roi is from 0 to 1 / 3 along both axes.
const file = model(13, [node('Resize', ['x', 'roi', 'none', 'sizes'], ['y'], { mode: 'nearest', coordinate_transformation_mode: 'tf_crop_and_resize' })], [
  ['x'], ['roi'], ['none'], ['sizes', 7],
], [['y']]);
const crop = async (name, size) => {
  const feeds = (ort) => ({
    x: float(ort, Array.from({ length: 16 }, (_, i) => i), [1, 1, 4, 4]),
    roi: float(ort, [0, 0, 0, 0, 1, 1, 1 / 3, 1 / 3], [8]),
    none: float(ort, [], [0]),
    sizes: new ort.Tensor('int64', BigInt64Array.from([1, 1, size, size], BigInt), [4]),
  });
  return [...(await run(name, file, feeds)).y.data].join(' ');
};
for (const name of NAMES) {
  const [smaller, same] = [await crop(name, 2), await crop(name, 4)];
  console.log(`${name}: ${smaller} at 2 × 2, ${same} at 4 × 4`);
  assert.equal(smaller, '0 1 4 5');
  // As asked for it would be 0 0 1 1 0 0 1 1 4 4 5 5 4 4 5 5.
  assert.equal(same, Array.from({ length: 16 }, (_, i) => i).join(' '));
}
process.exit(0);
SCRIPT
node run.mjs
