// As browser.js, for training.

import { Tensor } from 'lanewise';
import * as layers from 'lanewise/layers';
import { cosine, crossEntropy, inBatches, sgd, trainer } from 'lanewise/train';
import options from './options.js';
import { train } from './trained.js';

const report = (found) => fetch(new URL('/report', location.origin), { method: 'POST', body: JSON.stringify(found) });
train({ Tensor, ...layers, cosine, crossEntropy, inBatches, sgd, trainer }, options).then(report, ({ code = 'none', message }) =>
  report({ error: { code, message } }),
);
