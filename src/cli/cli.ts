/** The command line: finds the command, runs it, turns mistakes into one line. */

import { UserError } from '../bits/user-error.ts';
import { HELP, OVERVIEW } from './help.ts';
import { type Io, OK, USAGE } from './io.ts';
import { version } from './version.ts';

type Command = (args: readonly string[], io: Io) => Promise<number>;

/** Commands are loaded when they are called: most need little of the whole. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  tree: async () => (await import('./commands/tree.ts')).tree,
  maps: async () => (await import('./commands/maps.ts')).maps,
  queues: async () => (await import('./commands/queues.ts')).queues,
  events: async () => (await import('./commands/queues.ts')).events,
  translate: async () => (await import('./commands/translate.ts')).translate,
  why: async () => (await import('./commands/why.ts')).why,
  conform: async () => (await import('./commands/conform.ts')).conform,
  run: async () => (await import('./commands/run.ts')).runCommand,
  dap: async () => (await import('./commands/dap.ts')).dap,
};

/**
 * Runs a command.
 * @param args without the program's name
 * @returns the exit status
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    if (error instanceof UserError) io.err(`smmu-debug: ${error.message}`);
    else {
      const what = error instanceof Error ? error.message : String(error);
      io.err(`smmu-debug: internal error, please report it: ${what.replace(/\s+/g, ' ')}`);
    }
    return USAGE;
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    io.err('smmu-debug: no command is given; see smmu-debug help');
    return USAGE;
  }
  if (name === 'version' || name === '--version' || name === '-V') {
    io.out(`smmu-debug ${version()}\n`);
    return OK;
  }
  if (name === 'help' || name === '--help' || name === '-h') return help(rest[0], io);
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load)
    throw new UserError(`there is no command ${JSON.stringify(name)}`, { todo: 'see smmu-debug help' });
  if (rest.includes('--help') || rest.includes('-h')) return help(name, io);
  const command = await load();
  return command(rest, io);
}

function help(name: string | undefined, io: Io): number {
  if (name === undefined) io.out(OVERVIEW);
  else if (Object.hasOwn(HELP, name)) io.out(HELP[name] as string);
  else throw new UserError(`there is no command ${JSON.stringify(name)}`, { todo: 'see smmu-debug help' });
  return OK;
}
