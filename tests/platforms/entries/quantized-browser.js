// As browser.js, for networks of bytes.

import { load, Tensor } from 'lanewise';
import { writeOnnx } from 'lanewise/formats';
import options from './options.js';
import { runQuantized } from './quantized.js';

const report = (found) => fetch(new URL('/report', location.origin), { method: 'POST', body: JSON.stringify(found) });
runQuantized({ load, Tensor, writeOnnx }, options).then(report, ({ code = 'none', message }) => report({ error: { code, message } }));
