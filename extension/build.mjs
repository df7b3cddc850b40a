// npm run build: bundles everything into dist/.   `package`: builds and makes the .vsix.   `tests`: the suites that
// run inside VS Code, into out/test-vscode.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root, SetupError } from './setup.mjs';

const ENTRY_LIMIT = 200 * 1024;
const VSIX_LIMIT = 3 * 1024 * 1024;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: ['es2022', 'node20'],
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
  external: ['vscode'],
  mainFields: ['module', 'main'],
};

/** The scripts of webviews: they run in a browser. */
const PAGES = ['events', 'tables'];
const page = { platform: 'browser', format: 'iife', target: ['es2022'] };

/**
 * Every `import('./x.ts')` in the extension's entry becomes a bundle of its own, dist/x.js, loaded when it is first
 * reached. The bundles share no module state.
 */
function lazyBundles(found) {
  return {
    name: 'lazy-bundles',
    setup(b) {
      b.onResolve({ filter: /^\./ }, (args) => {
        if (args.kind !== 'dynamic-import') return undefined;
        const file = path.resolve(args.resolveDir, args.path);
        found.add(file);
        return { path: `./${path.basename(file, '.ts')}.js`, external: true };
      });
    },
  };
}

/** The licences of the packages that the bundles hold, as these ask for: dist/NOTICES.txt. */
function writeNotices(results) {
  const files = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const names = new Set(files.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]));
  const notices = [...names].filter(Boolean).sort().map(noticeOf);
  writeFileSync(path.join(root, 'dist/NOTICES.txt'), `${notices.join('\n\n\n')}\n`);
}

function noticeOf(name) {
  const dir = path.join(root, 'node_modules', name);
  const licence = readdirSync(dir).find((file) => /^licen[cs]e/i.test(file));
  if (!licence) throw new SetupError(`${name} is bundled, but has no licence file: see ${dir}`);
  const { version } = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8'));
  return `${name} ${version}\n\n${readFileSync(path.join(dir, licence), 'utf8').trim()}`;
}

export async function buildAll() {
  rmSync(path.join(root, 'dist'), { recursive: true, force: true });
  const lazy = new Set();
  const plain = (entry, outfile, extra = {}) => build({ ...common, entryPoints: [entry], outfile, ...extra });
  const entries = await Promise.all([
    plain('extension/extension.ts', 'dist/extension.js', {
      plugins: [lazyBundles(lazy)],
      supported: { 'dynamic-import': false },
    }),
    plain('src/adapter/main.ts', 'dist/adapter.js'),
    plain('src/cli/main.ts', 'dist/cli.js', { banner: { js: '#!/usr/bin/env node' } }),
    ...PAGES.map((name) => plain(`extension/webview/${name}.ts`, `dist/webview-${name}.js`, page)),
  ]);
  const parts = await Promise.all(
    [...lazy].map((file) => plain(file, `dist/${path.basename(file, '.ts')}.js`)),
  );
  writeNotices([...entries, ...parts]);
  chmodSync(path.join(root, 'dist/cli.js'), 0o755);
  if (!existsSync(path.join(root, 'dist/inline.js')))
    throw new SetupError(
      'extension/extension.ts never loads ./inline.ts by import(): dist/inline.js is missing',
    );
  const entry = statSync(path.join(root, 'dist/extension.js')).size;
  if (entry > ENTRY_LIMIT)
    throw new SetupError(
      `dist/extension.js has ${entry} bytes, more than ${ENTRY_LIMIT}: load more of it by import('./part.ts')`,
    );
  for (const file of readdirSync(path.join(root, 'dist')).filter((name) => name.endsWith('.js')))
    console.log(`dist/${file}  ${Math.ceil(statSync(path.join(root, 'dist', file)).size / 1024)} KiB`);
}

/** Where the package lies: the version is the manifest's. */
export function vsixPath() {
  const { name, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return path.join(root, `${name}-${version}.vsix`);
}

/** Packages what dist/ holds. */
export function packageVsix() {
  const out = vsixPath();
  rmSync(out, { force: true });
  const args = ['package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links'];
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
  const run = spawnSync(process.execPath, [vsce, ...args, '--out', out], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (run.status !== 0) throw new SetupError(`vsce package failed:\n${run.stdout}${run.stderr}`);
  const size = statSync(out).size;
  console.log(`${path.basename(out)}  ${Math.ceil(size / 1024)} KiB`);
  if (size >= VSIX_LIMIT)
    throw new SetupError(
      `${path.basename(out)} has ${size} bytes, the limit is ${VSIX_LIMIT}: see .vscodeignore`,
    );
}

/** The suites that run inside VS Code, each a file that mocha loads. */
export async function buildSuites() {
  const suites = readdirSync(path.join(root, 'test/vscode/suite')).filter((name) =>
    name.endsWith('.test.ts'),
  );
  rmSync(path.join(root, 'out/test-vscode'), { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: ['test/vscode/index.ts', ...suites.map((name) => `test/vscode/suite/${name}`)],
    outdir: 'out/test-vscode',
    outbase: 'test/vscode',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
  });
}

if (process.argv[1] === import.meta.filename) {
  const what = process.argv[2] ?? 'build';
  try {
    if (what === 'tests') await buildSuites();
    else await buildAll();
    if (what === 'package') packageVsix();
  } catch (error) {
    // esbuild has already printed its own messages.
    if (!error.errors) console.error(error.message);
    process.exit(1);
  }
}
