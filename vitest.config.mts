import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/vscode/**', 'node_modules/**'],
    testTimeout: 20_000,
    allowOnly: false,
    // Names of tests are whole: test/house/names.test.ts reads them.
    taskTitleValueFormatTruncate: 0,
  },
});
