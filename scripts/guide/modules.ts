// What the guide's code imports, from the sources.

import * as fs from 'node:fs/promises';
import * as analysis from '../../src/analysis/index.ts';
import * as core from '../../src/index.ts';
import * as layers from '../../src/layers/index.ts';
import { decodePicture } from '../../src/vision/decode.ts';
import * as vision from '../../src/vision/index.ts';
import * as zoo from '../../src/zoo/index.ts';

export const modules: Readonly<Record<string, object>> = {
  'node:fs/promises': fs,
  lanewise: core,
  'lanewise/analysis': analysis,
  'lanewise/layers': layers,
  'lanewise/vision': vision,
  'lanewise/vision/node': { decodePicture },
  'lanewise/zoo': zoo,
};
