#!/usr/bin/env bash
# onnxruntime takes a Cast to float16 out of a model where an operator follows that it has in float32 alone: 1000.1 stays 1000.1 through Cast(float16),
# Relu, Cast(float32), and with graphOptimizationLevel 'disabled' too. With Identity in Relu's place it is rounded to 1000.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

for (const name of NAMES) {
  for (const graphOptimizationLevel of ['all', 'disabled']) {
    const of = async (op) => {
      const nodes = [node('Cast', ['x'], ['h'], { to: 10 }), node(op, ['h'], ['r']), node('Cast', ['r'], ['y'], { to: 1 })];
      const feeds = (ort) => ({ x: float(ort, [1000.1], [1]) });
      return (await run(name, model(13, nodes, [['x']], [['y']]), feeds, { graphOptimizationLevel })).y.data[0];
    };
    const [relu, identity] = [await of('Relu'), await of('Identity')];
    console.log(`${name}, optimisations '${graphOptimizationLevel}': ${relu} through Relu, ${identity} through Identity`);
    assert.deepEqual([relu, identity], [Math.fround(1000.1), 1000]);
  }
}
process.exit(0);
SCRIPT
node run.mjs
