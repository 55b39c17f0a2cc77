// Writes tests/zoo/algorithms.txt, the algorithm of every layer of the zoo's networks, from what the compiler chooses now.

import { writeFileSync } from 'node:fs';
import { importSources, path } from '../bench/sources.mjs';

process.chdir(path('.'));
const { algorithmsText } = await importSources('algorithms', "export { algorithmsText } from './tests/zoo/algorithms.ts';");
writeFileSync('tests/zoo/algorithms.txt', algorithmsText());
