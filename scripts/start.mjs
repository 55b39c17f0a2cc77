// npm start: the bundled photo, or the picture named on the command line, through the bundled model.

import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// npm runs scripts in the package's folder; the picture's path is meant from where the user stands.
const [given, ...rest] = process.argv.slice(2);
const from = process.env.INIT_CWD ?? process.cwd();
const picture = given === undefined ? 'models/cat.png' : isAbsolute(given) ? given : relative(root, resolve(from, given));
process.chdir(root);

const { main } = await import('../dist/cli.js');
process.exitCode = await main(['run', 'models/cifar10-resnet20/model.onnx', picture, ...rest]);
if (process.exitCode === 0) {
  console.log(`What to try next:
  npm start -- my.jpg                 your own picture (airplane, automobile, bird, cat, deer, dog, frog, horse, ship or truck)
  npm run demo                        the same in your browser
  npm test                            every test
  node bin/lanewise.mjs summary models/cifar10-resnet20/model.onnx
  node bin/lanewise.mjs bench models/cifar10-resnet20/model.onnx --profile
`);
}
