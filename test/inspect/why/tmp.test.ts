import { test } from 'vitest';
import { explainTransaction } from '../../../src/inspect/why/transaction.ts';
import { explanationLines } from '../../../src/inspect/why/lines.ts';
import { SID, TestSmmu, transaction, CDTAB, type Access } from '../../kit/smmu.ts';
import { map } from '../../kit/tables.ts';
import { identity, mapStage2, NESTED_STE, S2_STE, S2_LEAF, S2_PAGE } from '../../kit/stage2.ts';
function show(m: TestSmmu, iova: number, access: Access = {}, sid = SID) {
  const plan = m.smmu.plan({ kind: 'transaction', transaction: transaction(sid, iova, access) });
  const t = performance.now();
  const lines = explanationLines(explainTransaction(m.smmu, plan));
  console.log(lines.join('\n') + `\n${(performance.now() - t).toFixed(1)} ms`);
}
test('x', () => {
  let m = new TestSmmu(); m.ste(); m.cd();
  map(m, { iova: 0xffff0000n, pa: 0x42340000n }); map(m, { iova: 0xffff1000n, pa: 0x42341000n });
  map(m, { iova: 0xffff4000n, pa: 0x42345000n });
  show(m, 0xffff2040, { write: true });
  m.ste({}, 0x20);
  show(m, 0x42000000);
  m = new TestSmmu(); m.ste({V:0}); show(m, 0x1000);
  m.ste({ Config: 0 }); m.cd(); map(m, { iova: 0x1000n, pa: 0x42340000n, attributes: 0x480n }); show(m, 0x1000, {write: true});
  m.ste(); show(m, 0x1000, { write: true });
  show(m, 0x1000, { ssid: 3 });
  show(m, 0x1000, {}, 0x4000);
  m = new TestSmmu({registers: {'CR0.SMMUEN': 0, 'GBPA.ABORT': 1}}); show(m, 0x1000);
  m = new TestSmmu(); m.ste(NESTED_STE); m.cd(); map(m, { iova: 0x1000n, pa: 0x42340000n });
  show(m, 0x1000);
  identity(m); map(m, { iova: 0x2000n, pa: 0x90000000n });
  show(m, 0x2000); show(m, 0x9000);
});
