import '../binaries.ts';

export * from '../compiled/index.ts';
