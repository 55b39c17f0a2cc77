import '../binaries.ts';

export * from '../index.ts';
