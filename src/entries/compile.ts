import '../binaries.ts';

export * from '../compiled/write.ts';
