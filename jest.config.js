const transform = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' } }],
};
const common = {
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  testEnvironment: 'node',
  injectGlobals: false,
  setupFilesAfterEnv: ['<rootDir>/test/support/properties.ts'],
};

/**
 * Suites by what they need: unit has no I/O; engine has a real dockerd (root); vm builds and boots the image in QEMU;
 * languages asks the config languages' own programs, built from their modules; soak takes long.
 */
export default {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    {
      ...common,
      displayName: 'engine',
      testMatch: ['<rootDir>/test/engine/**/*.test.ts'],
      globalSetup: '<rootDir>/test/engine/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/engine/support/global-teardown.ts',
    },
    {
      ...common,
      displayName: 'vm',
      testMatch: ['<rootDir>/test/vm/**/*.test.ts'],
      // What takes more boots than `npm test` has time for.
      testPathIgnorePatterns: process.env['BERTH_SOAK'] === '1' ? [] : ['\\.soak\\.test\\.ts$'],
      globalSetup: '<rootDir>/test/vm/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/vm/support/global-teardown.ts',
    },
    { ...common, displayName: 'languages', testMatch: ['<rootDir>/test/languages/**/*.test.ts'] },
    {
      ...common,
      displayName: 'soak',
      testMatch: ['<rootDir>/test/soak/**/*.test.ts'],
      globalSetup: '<rootDir>/test/engine/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/engine/support/global-teardown.ts',
    },
  ],
  // Properties are tried thirty times as often.
  testTimeout: process.env['BERTH_SOAK'] === '1' ? 3_600_000 : 120_000,
};
