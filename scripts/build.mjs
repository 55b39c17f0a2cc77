// Builds everything that is not in the repository: build/ (the Wasm binaries), then dist/ (the package).

import './binaries.mjs';

await import('./package.mjs');
