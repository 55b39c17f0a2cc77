import '../binaries.ts';

export * from '../layers/index.ts';
