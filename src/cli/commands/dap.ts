import { UserError } from '../../bits/user-error.ts';
import { numberOption, parse } from '../args.ts';
import { type Io, OK } from '../io.ts';

const OPTIONS = { port: { type: 'string' } } as const;

/** `smmu-debug dap`: the Debug Adapter Protocol on standard input and output, or on a TCP port of this machine. */
export async function dap(args: readonly string[], io: Io): Promise<number> {
  const given = parse('dap', args, OPTIONS);
  const [extra] = given.files;
  if (extra !== undefined) {
    throw new UserError(`${JSON.stringify(extra)} has no use here`, {
      where: 'dap',
      todo: 'the client names the capture in its launch request',
    });
  }
  const port = numberOption(given, 'port', 65_535);
  const { serveStdio, serveTcp } = await import('../../adapter/server.ts');
  if (port === undefined) {
    await serveStdio();
    return OK;
  }
  const server = await serveTcp(port).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UserError(`cannot listen on port ${port} (${code})`, {
      where: '--port',
      todo: 'choose another port',
    });
  });
  const address = server.address();
  io.err(`listening on 127.0.0.1:${typeof address === 'object' && address ? address.port : port}`);
  await new Promise<void>((resolve) => {
    server.once('close', () => resolve());
  });
  return OK;
}
