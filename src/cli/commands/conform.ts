import { UserError } from '../../bits/user-error.ts';
import { cachesOption, parse } from '../args.ts';
import { conformText, runConform } from '../conform.ts';
import { type Io, NO, OK, printJson } from '../io.ts';

const OPTIONS = {
  actual: { type: 'string' },
  caches: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** `smmu-debug conform`: runs cases and compares the answers with what was expected. */
export async function conform(args: readonly string[], io: Io): Promise<number> {
  const given = parse('conform', args, OPTIONS);
  if (given.files.length === 0) {
    throw new UserError('no file of cases is named', {
      where: 'conform',
      todo: 'write smmu-debug conform CASES.jsonl... [--actual OUT.jsonl]',
    });
  }
  const report = await runConform({
    files: given.files,
    actual: given.text('actual'),
    caches: cachesOption(given),
  });
  if (given.flag('json')) printJson(io, report);
  else io.out(`${conformText(report)}\n`);
  return report.total.failed > 0 ? NO : OK;
}
