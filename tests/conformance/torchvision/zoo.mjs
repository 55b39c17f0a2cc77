// Makes the zoo's network of a case that zoo.py wrote, gives it torch's weights and writes the case's model.onnx.
//
//   npm run build
//   node tests/conformance/torchvision/zoo.mjs CASE_FOLDER...

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error('usage: zoo.mjs CASE_FOLDER...');
  process.exit(2);
}
const { zoo } = await import('lanewise/zoo').catch(() => {
  console.error('the package is not built: npm run build');
  process.exit(2);
});

for (const folder of folders) {
  const { network, options } = JSON.parse(readFileSync(join(folder, 'options.json'), 'utf8'));
  const net = zoo.get(network)(options);
  await net.loadWeights(join(folder, 'weights.safetensors'));
  await net.save(join(folder, 'model.onnx'));
}
