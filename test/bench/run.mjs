// npm run bench: bundles main.ts as dist/ is bundled and runs that. What ships has its constants in one scope, where
// the compiler folds them; as modules of their own each of them would be loaded and checked anew.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
const outfile = path.join(root, 'out/bench/main.cjs');

await build({
  absWorkingDir: root,
  entryPoints: ['test/bench/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: ['es2022', 'node20'],
  mainFields: ['module', 'main'],
  external: ['esbuild'],
  define: { 'import.meta.dirname': JSON.stringify(import.meta.dirname) },
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, ['--expose-gc', outfile, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
