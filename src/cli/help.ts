/** What `smmu-debug help` prints. */

import { PRESET_NAMES } from '../spec/presets.ts';

const INDENT = ' '.repeat(24);

/** The names of presets, four a line. */
function presetLines(): string {
  const lines: string[] = [];
  for (let i = 0; i < PRESET_NAMES.length; i += 4) lines.push(PRESET_NAMES.slice(i, i + 4).join(', '));
  return lines.map((line) => `\n${INDENT}${line}`).join(',');
}

const CAPTURE_HELP = `  CAPTURE               memory image: ELF core, raw image as FILE@0x40000000, either of them in gzip or zstd;
                        several files make one memory; FILE@s, FILE@realm:0x40000000: of another address space
  -r, --registers FILE  register snapshot: JSON, or text of QEMU's monitor
  --ram BASE:SIZE       known RAM, may be repeated; default: from the lowest to the highest address of the capture;
                        --ram realm:BASE:SIZE is that of another address space
  --preset NAME         ID registers instead of those of the snapshot:${presetLines()}
  --feature F=VALUE     one field of an ID register, such as IDR3.HAD=0; may be repeated, comes after the preset
  --json                the answer as JSON`;

const STATUS = `Exit status: 0 ok, 1 the answer is "no" (a fault, a failed case or test), 2 bad usage or unreadable input.`;

/** Help of each command. */
export const HELP: Readonly<Record<string, string>> = {
  tree: `smmu-debug tree CAPTURE --registers SNAPSHOT

Prints the stream table, its STEs, CDs and translation tables, and counts them.

${CAPTURE_HELP}
  --sid N               only this StreamID (8, 0x8 or 00:01.0)
  --pages               down to the pages
  --world W             ns (default), s, realm; root prints the granule protection table
`,
  maps: `smmu-debug maps CAPTURE --registers SNAPSHOT

Prints what every set of translation tables maps, equal neighbours joined.

${CAPTURE_HELP}
  --sid N               only the tables of this StreamID (8, 0x8 or 00:01.0)
  --world W             ns (default), s or realm
`,
  queues: `smmu-debug queues CAPTURE --registers SNAPSHOT

Prints the command, event and PRI queue: what is pending, and the last entries before it.

${CAPTURE_HELP}
  --consumed N          consumed entries to show (16)
  --pending N           pending entries to show at most (all)
  --world W             ns (default), s or realm
`,
  events: `smmu-debug events CAPTURE --registers SNAPSHOT

Prints the event queue; --json gives every field of every record.

${CAPTURE_HELP}
  --consumed N          consumed records to show (16)
  --pending N           pending records to show at most (all)
  --world W             ns (default), s or realm
`,
  translate: `smmu-debug translate CAPTURE --registers SNAPSHOT --sid N --iova A
smmu-debug translate CAPTURE --registers SNAPSHOT --batch FILE

Says what a transaction would do, step by step. Unprivileged data read by default.

${CAPTURE_HELP}
  --sid N               StreamID (8, 0x8 or 00:01.0)
  --iova A              input address
  --ssid N              SubstreamID
  --write               a write
  --priv                privileged
  --inst                an instruction fetch
  --ns                  the NS attribute as it arrives (Secure and Realm streams)
  --attr A              memory attributes: a byte of MAIR, or WB, NC, Normal-iWB-oNC-ISH, Device-nGnRE
  --ats KIND            u untranslated (default), tr a Translation Request, tt a Translated transaction
  --world W             ns (default), s or realm
  --caches POLICY       combined (default), maximal or none
  --batch FILE          JSON lines {"sid":8,"iova":"0x1000","rw":"r"}, one answer a line; - is standard input;
                        further keys: ssid, world, priv, inst, inputNs, attr, ats

Exit status: 0 it went through, or every line of a batch was answered; 1 a fault; 2 bad usage or unreadable input.
`,
  why: `smmu-debug why CAPTURE --registers SNAPSHOT --sid N --iova A

Explains what a transaction comes to: each structure that was read, the rule, the nearest mappings, what it looks like,
and the smallest change after which it passes, tried on a copy. Unprivileged data read by default.

${CAPTURE_HELP}
  --sid N               StreamID (8, 0x8 or 00:01.0)
  --iova A              input address
  --ssid N              SubstreamID
  --write               a write
  --priv                privileged
  --inst                an instruction fetch
  --ns                  the NS attribute as it arrives (Secure and Realm streams)
  --attr A              memory attributes, as translate takes them
  --ats KIND            u untranslated (default), tr a Translation Request, tt a Translated transaction
  --world W             ns (default), s or realm
  --caches POLICY       combined (default), maximal or none

Exit status: 0 it went through, 1 a fault, 2 bad usage or unreadable input.
`,
  conform: `smmu-debug conform CASES.jsonl... [--actual OUT.jsonl]

Runs cases and compares the answers with those expected.

  --actual FILE         writes what the model answered, one line a case
  --caches POLICY       combined (default), maximal or none
  --json                the report as JSON

Exit status: 0 no case failed, 1 a case failed, 2 bad usage or unreadable input.
`,
  run: `smmu-debug run SCRIPT.smmu | TRACE.log[.gz]

Runs a script; its expect lines are the test. Each test block runs by itself. Or replays a log of QEMU's -trace "smmu*"
and compares each answer in it with the model's.

Prints what the script prints, what was expected and what came instead, and as warnings what checkers find: stale uses
and mistakes in the order of updates. A warning fails no test; the statement "expect findings none" does.

  --only NAME           only the test of this name
  --preset NAME         another SMMU than the script's machine statement says
  --caches POLICY       maximal (default; of a trace combined), combined or none
  --workspace DIR       what include and load may reach; default: the folder of the script
  --all-policies        run it once under each notifier policy, and print what they make of it side by side
  --json                the result as JSON

Exit status: 0 every test passed, or no answer of the trace differs; 1 a test failed, or an answer differs; 2 bad usage,
or a script or trace that cannot be read: the line says where.
`,
  dap: `smmu-debug dap [--port N]

Serves the Debug Adapter Protocol on standard input and output, or on a TCP port of this machine.

  --port N              a TCP port of the loopback address; 0 lets the system choose
`,
};

/** The overview. */
export const OVERVIEW = `smmu-debug: look into the tables and queues of an Arm SMMUv3

  smmu-debug tree CAPTURE --registers SNAPSHOT        stream table, STEs, CDs, tables, counts
  smmu-debug maps CAPTURE --registers SNAPSHOT        what is mapped
  smmu-debug queues CAPTURE --registers SNAPSHOT      command and event queue
  smmu-debug events CAPTURE --registers SNAPSHOT      event records
  smmu-debug translate CAPTURE --registers SNAPSHOT   what a transaction would do
  smmu-debug why CAPTURE --registers SNAPSHOT         why it does, and what would cure it
  smmu-debug conform CASES.jsonl...                   run conformance cases
  smmu-debug run SCRIPT.smmu                          run a script as a test, or replay a trace
  smmu-debug dap [--port N]                           serve the Debug Adapter Protocol
  smmu-debug help [COMMAND]
  smmu-debug version

${STATUS}
`;
