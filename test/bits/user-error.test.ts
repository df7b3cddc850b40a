import { expect, test } from 'vitest';
import { UserError } from '../../src/bits/user-error.ts';
import { isWorld, WORLD_INDEX, WORLDS } from '../../src/bits/world.ts';

test('a user error says where, what and what to do in one sentence', () => {
  const error = new UserError('STRTAB_BASE is missing', { where: 'regs.json', todo: 'add it to "ns"' });
  expect(error.message).toBe('regs.json: STRTAB_BASE is missing; add it to "ns"');
  expect(new UserError('the connection was closed').message).toBe('the connection was closed');
  expect(error).toBeInstanceOf(Error);
});

test('worlds are four, in the order of their index', () => {
  expect(WORLDS).toEqual(['ns', 's', 'realm', 'root']);
  expect(WORLDS.map((w) => WORLD_INDEX[w])).toEqual([0, 1, 2, 3]);
  expect(isWorld('realm')).toBe(true);
  expect(isWorld('NS')).toBe(false);
});
