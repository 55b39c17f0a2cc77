// As binaries.ts, for pictures.

import { provide } from '../vision/simd.ts';
import vision from '../wasm/vision.wasm?module';

provide(vision);
