// Node 20 and 21 have relaxed SIMD behind a flag; newer ones have it switched on and no longer know the flag.
import { setFlagsFromString } from 'node:v8';

if (Number(process.versions.node.split('.')[0]) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
