import { availableParallelism } from 'node:os';

const cores = availableParallelism();

export default {
  // Jest leaves one core to itself; of two that would be half, although it has hardly anything to do.
  maxWorkers: cores === 2 ? 2 : Math.max(1, cores - 1),
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  setupFiles: ['<rootDir>/tests/relaxed-simd.mjs'],
  setupFilesAfterEnv: ['<rootDir>/tests/equality.mjs'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/tests/transform.mjs' },
};
