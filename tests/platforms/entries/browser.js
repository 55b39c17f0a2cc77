// Takes the place of the script that loads Lanewise in an example: of a page, a worker or a service worker. What it finds is posted to /report.

import { measure } from './bits.js';
import options from './options.js';

const at = (path) => new URL(path, location.origin);

async function read(name) {
  const response = await fetch(at(`/models/${name}`));
  if (!response.ok) throw new Error(`/models/${name}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const report = (found) => fetch(at('/report'), { method: 'POST', body: JSON.stringify(found) });
const done = measure(() => import('lanewise'), read, options).then(report, ({ code = 'none', message }) =>
  report({ error: { code, message } }),
);
// A service worker may be ended as soon as no event waits for it.
self.addEventListener('install', (event) => event.waitUntil(done));
