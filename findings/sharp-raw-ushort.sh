#!/usr/bin/env bash
# sharp's raw({ depth: 'ushort' }) of a PNG with 16 bits gives 8-bit values in 16-bit numbers: 0, 128, 255 for 0, 32768, 65535. The bits are there only
# after toColourspace('grey16') or 'rgb16'. And grey comes out as three channels, though metadata() says one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error sharp@0.35.5 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import sharp from 'sharp';

console.log('sharp', sharp.versions.sharp, 'libvips', sharp.versions.vips);
const png = await sharp(Uint16Array.of(0, 32768, 65535), { raw: { width: 3, height: 1, channels: 1 } }).toColourspace('grey16').png().toBuffer();
const { depth, channels } = await sharp(png).metadata();
const read = async (image) => {
  const { data, info } = await image.raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true });
  return { channels: info.channels, values: [...new Uint16Array(data.buffer, data.byteOffset, data.length / 2)] };
};
const [plain, asked] = [await read(sharp(png)), await read(sharp(png).toColourspace('grey16'))];
console.log('the file:', depth, 'channels:', channels);
console.log('raw ushort:', plain.channels, 'channels', plain.values.join(' '));
console.log('after toColourspace:', asked.channels, 'channels', asked.values.join(' '));
assert.deepEqual([depth, channels, plain], ['ushort', 1, { channels: 3, values: [0, 0, 0, 128, 128, 128, 255, 255, 255] }]);
assert(asked.values.includes(32768) && asked.values.includes(65535));
SCRIPT
node run.mjs
