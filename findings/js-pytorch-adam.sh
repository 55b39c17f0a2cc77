#!/usr/bin/env bash
# js-pytorch's Adam does not correct its averages for their start at 0: under a constant gradient its steps grow from the learning rate to twice it in
# ten steps, where PyTorch's keep to the learning rate.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error js-pytorch@0.7.2 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { torch } = createRequire(import.meta.url)('js-pytorch');
console.log('js-pytorch', JSON.parse(readFileSync('node_modules/js-pytorch/package.json', 'utf8')).version);
const weight = torch.tensor([0], true);
const adam = new torch.optim.Adam([weight], 1); // Its betas are 0.9 and 0.99.
let before = 0;
const steps = Array.from({ length: 10 }, () => {
  adam.zero_grad();
  weight.sum(-1).backward(); // A gradient of 1.
  adam.step();
  const step = before - weight.data[0];
  before = weight.data[0];
  return step;
});
console.log('steps of a gradient that stays 1, learning rate 1:', steps.map((step) => step.toFixed(3)).join(' '));
assert(Math.abs(steps[0] - 1) < 1e-6 && Math.abs(steps[1] - 0.19 / Math.sqrt(0.0199)) < 1e-6 && steps[9] > 2.1);
SCRIPT
node run.mjs
