export default {
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  setupFiles: ['<rootDir>/tests/relaxed-simd.mjs'],
  setupFilesAfterEnv: ['<rootDir>/tests/equality.mjs'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/tests/transform.mjs' },
};
