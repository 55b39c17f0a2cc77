#!/usr/bin/env bash
# js-pytorch's gradient of pow(n) is that of pow(2) whatever n is: 2x where PyTorch has n x^(n-1), so that cubes are trained with wrong gradients.
# pow(0.5) is not the root: it gives x back.
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
for (const power of [2, 3, 0.5]) {
  const x = torch.tensor([4, 9], true);
  const y = x.pow(power);
  y.sum(-1).backward();
  const made = [...x.grad];
  console.log(`x = 4 and 9 to the power ${power}: ${y.data.join(' and ')}, gradients ${made.join(' and ')}; they are ${[4, 9].map((v) => power * v ** (power - 1)).join(' and ')}`);
  assert.deepEqual(made, [8, 18]);
  assert.deepEqual([...y.data], { 2: [16, 81], 3: [64, 729], 0.5: [4, 9] }[power]);
}
SCRIPT
node run.mjs
