import '../binaries.ts';

export * from '../zoo/index.ts';
