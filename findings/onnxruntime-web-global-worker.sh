#!/usr/bin/env bash
# onnxruntime-web makes Node's worker_threads.Worker the global Worker once a session was created, on one thread too. Libraries that tell a browser from
# Node by it then speak to workers that have no onmessage.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Worker as NodeWorker } from 'node:worker_threads';

// An ONNX file by hand, as bytes: y = Relu(x), opset 13.
const field = (number, data) => [(number << 3) | 2, data.length, ...data];
const text = (number, s) => field(number, [...Buffer.from(s)]);
const value = (name) => [...text(1, name), ...field(2, field(1, [8, 1]))];
const graph = [...field(1, [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Relu')]), ...text(2, 'g'), ...field(11, value('x')), ...field(12, value('y'))];
const file = Uint8Array.from([8, 8, ...field(7, graph), ...field(8, [16, 13])]);

console.log('onnxruntime-web', JSON.parse(readFileSync('node_modules/onnxruntime-web/package.json', 'utf8')).version, 'Node', process.version);
const before = typeof globalThis.Worker;
const ort = await import('onnxruntime-web');
ort.env.wasm.numThreads = 1;
await ort.InferenceSession.create(file, { executionProviders: ['wasm'] });
console.log(`typeof Worker: ${before} before, ${typeof globalThis.Worker} after; it is Node's own: ${globalThis.Worker === NodeWorker}`);
assert.deepEqual([before, globalThis.Worker === NodeWorker], ['undefined', true]);
process.exit(0);
SCRIPT
node run.mjs
