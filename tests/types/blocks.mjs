// The blocks of TypeScript in README.md and docs/*.md that import from the package, as files.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../platforms/harness/setup.mjs';

/** What blocks may leave to their readers: a name, and what it stands for. */
const given = {
  bytes: 'declare const bytes: Uint8Array;',
  canvas: 'declare const canvas: HTMLCanvasElement;',
  data: 'declare const data: Float32Array;',
  file: 'declare const file: File;',
  image: 'declare const image: HTMLImageElement;',
  picture: "declare const picture: import('lanewise/vision').Picture;",
  video: 'declare const video: HTMLVideoElement;',
  readFileSync: "import { readFileSync } from 'node:fs';",
  resnet56: "import { resnet56 } from 'lanewise/zoo';",
  swirl:
    "import { defineOp } from 'lanewise'; const swirl = defineOp({ name: 'Swirl', domain: 'my.ops', attributes: { strength: { type: 'float', default: 1 } }, inferShape: ([x]) => ({ dims: x?.dims ?? [] }), run() {} });",
  // One whose outputs are known.
  model:
    "declare const model: { run(feeds: import('lanewise').Feeds): Promise<{ logits: import('lanewise').Tensor; output: import('lanewise').Tensor }> };",
};

/**
 * Writes each block as a module of its own.
 * @param folder where they go
 * @returns for each document that has some, the names of the files
 */
export function writeBlocks(folder) {
  const docs = [
    'README.md',
    ...readdirSync(join(repository, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  return docs.flatMap((doc) => {
    const text = readFileSync(join(repository, doc), 'utf8');
    const files = [];
    for (const { 1: block, index } of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
      if (!/from 'lanewise\b/.test(block)) continue;
      const line = text.slice(0, index).split('\n').length + 1;
      const file = `${doc.slice(0, -3).replace('/', '-')}-${line}.ts`;
      writeFileSync(join(folder, file), `${preludeOf(block)}${block}export {};\n`);
      files.push(file);
    }
    return files.length > 0 ? [{ doc, files }] : [];
  });
}

/** The names that a block uses and does not say, in one line, so that lines stay near. */
function preludeOf(block) {
  const code = block.replace(/\/\/.*$/gm, '');
  const bound = (name) => new RegExp(`\\b(const|let|function|import)\\b[^=;(]*\\b${name}\\b`, 's').test(code);
  const names = Object.keys(given).filter((name) => new RegExp(`(?<![.\\w'])${name}\\b(?!:)`).test(code) && !bound(name));
  return `${names.map((name) => given[name]).join(' ')}\n`;
}
