// Runs docs/cnn-from-scratch.md and writes what comes out into it, and the pictures beside it.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { runGuide } from './guide.ts';

const page = 'docs/cnn-from-scratch.md';
const folder = 'docs/pictures';

const { markdown, drawings } = await runGuide(readFileSync(page, 'utf8').replaceAll('\r\n', '\n'));
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!drawings.has(name)) rmSync(`${folder}/${name}`);
for (const [name, drawing] of drawings) {
  const file = `${folder}/${name}`;
  if (typeof drawing === 'string') {
    writeFileSync(file, drawing);
    continue;
  }
  const { width, height, channels, data } = drawing;
  await sharp(data, { raw: { width, height, channels } }).png({ compressionLevel: 9, adaptiveFiltering: true }).toFile(file);
}
writeFileSync(page, markdown);
console.log(`${page} and ${drawings.size} pictures`);
