// docs/options.md's tensors are what its sentences say.

import { readFileSync } from 'node:fs';
import { Tensor } from '../../src/index.ts';
import { at } from '../browser/setup.ts';
import { blocksOf } from './markdown.ts';

test('the mask to fill is a picture, no list of its dimensions', () => {
  const made = blocksOf(readFileSync(at('docs/options.md'), 'utf8'))
    .flatMap(({ text }) => [...text.matchAll(/= (new Tensor\(.*\));$/gm)])
    .map(([, code]) => new Function('Tensor', `return ${code}`)(Tensor));
  expect(made.map(({ dims }) => dims)).toEqual([[1, 1, 256, 256]]);
});
