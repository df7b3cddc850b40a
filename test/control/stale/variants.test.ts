import { describe, expect, it } from 'vitest';
import { failuresOf } from '../script/kit.ts';
import { curesIn, foundAt, lastLine, runWatched, scriptOf, type Variant } from './variant.ts';
import { ALLOWED } from './variants/allowed.ts';
import { COMMANDS } from './variants/commands.ts';
import { STRUCTURES } from './variants/structures.ts';
import { TAGS } from './variants/tags.ts';

const ALL: readonly Variant[] = [...STRUCTURES, ...COMMANDS, ...TAGS, ...ALLOWED];
const MISTAKES = ALL.filter(({ finds }) => finds !== 'none');
const CURABLE = MISTAKES.filter(({ noCure }) => noCure !== true);

describe('a mistake is found', () => {
  it.each(MISTAKES)('$name: $finds', async (variant) => {
    const text = scriptOf(variant, variant.before ?? '', variant.wrong, variant.probe);
    const result = await runWatched(text);
    expect(failuresOf(result)).toEqual([]);
    const found = foundAt(result, lastLine(text));
    expect(found.join('\n')).toContain(variant.finds);
    for (const words of variant.says ?? []) expect(found.join('\n')).toMatch(words);
    if (variant.noCure !== true) expect(found.join('\n')).toMatch(/made old by line \d+: .* became 0x/);
  });
});

describe('the commands that are offered remove what is old', () => {
  it.each(CURABLE)('$name', async (variant) => {
    const { before = '', wrong, probe } = variant;
    const text = scriptOf(variant, before, wrong, probe);
    const cures = curesIn(foundAt(await runWatched(text), lastLine(text)));
    expect(cures).not.toEqual([]);
    const cured = scriptOf(variant, before, wrong, probe, cures.join('\n'), probe);
    const result = await runWatched(cured);
    expect(failuresOf(result)).toEqual([]);
    expect(foundAt(result, lastLine(cured))).toEqual([]);
  });
});

describe('without traffic before, hardware may hold the same', () => {
  it.each(CURABLE.filter(({ ofAnother }) => ofAnother !== true))('$name', async (variant) => {
    const { wrong, probe } = variant;
    const text = scriptOf(variant, wrong, probe);
    const found = foundAt(await runWatched(text), lastLine(text));
    expect(found.join('\n')).toMatch(/(?:certain|possible) (?:unsafe|spurious-fault) stale-use/);
    const cured = scriptOf(variant, wrong, probe, curesIn(found).join('\n'), probe);
    expect(foundAt(await runWatched(cured), lastLine(cured))).toEqual([]);
  });
});

describe('nothing is found where it is done correctly', () => {
  it.each(ALL)('$name', async (variant) => {
    const result = await runWatched(scriptOf(variant, variant.before ?? '', variant.right, variant.probe));
    expect(failuresOf(result)).toEqual([]);
    expect(foundAt(result)).toEqual([]);
    expect(foundAt(await runWatched(scriptOf(variant, variant.right, variant.probe)))).toEqual([]);
  });
});

describe('nothing is found where a change is allowed', () => {
  it.each(ALL.filter(({ finds }) => finds === 'none'))('$name', async (variant) => {
    const text = scriptOf(variant, variant.before ?? '', variant.wrong, variant.probe);
    const result = await runWatched(text);
    expect(failuresOf(result)).toEqual([]);
    expect(foundAt(result)).toEqual([]);
  });
});
