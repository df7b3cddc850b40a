/** The story of an operation: the steps of a plan as rows. */

import { fieldOf } from '../bits/layout.ts';
import { hex } from '../bits/u64.ts';
import type { Downgrade, Fault, Frame, Outcome, Plan, StepKind } from '../model/plan.ts';
import { attributesText } from '../model/translate/attribute-text.ts';
import { layoutByName } from './layouts.ts';
import { type Row, rawWords, row } from './rows.ts';

/** One step. */
export interface StoryRow {
  readonly step: number;
  /** How deep the structure lies that the step is about: 0 the operation itself. */
  readonly depth: number;
  readonly kind: StepKind;
  /** The structure: `STE 0x8`, `stage 1 level 2`. */
  readonly frame: string;
  /** PA of the structure in hexadecimal, or null. */
  readonly address: string | null;
  /** 64-bit words of the structure in hexadecimal. */
  readonly raw: readonly string[];
  readonly text: string;
  /** The field that decided. */
  readonly field: Row | null;
}

/** The steps of a plan, in order. */
export function walkStory(plan: Plan): StoryRow[] {
  return plan.steps.map((step, i) => {
    const frame = plan.frames[step.frame] ?? null;
    return {
      step: i,
      depth: depthOf(plan.frames, step.frame),
      kind: step.kind,
      frame: frame?.name ?? '',
      address: frame?.pa == null ? null : hex(frame.pa),
      raw: frame && frame.words.length > 0 ? rawWords(frame.words) : [],
      text: step.text,
      field: frame && step.field !== null ? fieldRow(frame, step.field) : null,
    };
  });
}

function depthOf(frames: readonly Frame[], index: number): number {
  let depth = 0;
  for (let at = frames[index]; at && at.parent >= 0; at = frames[at.parent]) depth++;
  return depth;
}

function fieldRow(frame: Frame, name: string): Row | null {
  const of = layoutByName(frame.layout);
  const field = of && fieldOf(of, name);
  if (!field || frame.words.length === 0) return null;
  return row(field, frame.words, 0, { world: frame.space });
}

/** What became of an access that did not stay what it was (3.22, 16.7.2). */
const BECOMES: Readonly<Record<Downgrade, string>> = {
  read: 'a plain read',
  write: 'a plain write',
  'clean-invalidate': 'a clean and invalidate',
  'no-op': 'nothing at all',
};

/**
 * The result of a transaction on one line: `PA 0x43dc4000 (ns), Normal iWB(RA,WA) oWB(RA,WA) ISH`,
 * `F_TRANSLATION (abort): level 3 …`, `ATS: Success, 0x43dc4000 + 0x1000 bytes, RW-`.
 */
export function outcomeText(outcome: Outcome): string {
  const { ats, missing, fault } = outcome;
  switch (outcome.result) {
    case 'absent':
    case 'miss': {
      if (!missing) return outcome.result;
      const would = missing.wouldBe === null ? '' : `; an external abort there would give ${missing.wouldBe}`;
      const why = outcome.result === 'absent' ? 'is not in the image' : 'has not been fetched yet';
      return `absent: the ${missing.structure} at ${hex(missing.pa)} ${why}${would}`;
    }
    case 'not-modelled':
      return `not modelled: ${fault?.reason ?? 'the stream asks for more than this version knows'}`;
    default:
      if (ats !== null) return `ATS: ${ats.text}${fault?.event ? `; ${faultText(fault, outcome)}` : ''}`;
      if (outcome.result === 'ok') return okText(outcome);
      return fault ? faultText(fault, outcome) : outcome.result;
  }
}

/** Where an access that passes goes, with which attributes, and as what. */
function okText({ pa, space, attributes, tlbHit, becomes }: Outcome): string {
  const as = becomes === null ? '' : `, as ${BECOMES[becomes]}`;
  if (becomes === 'no-op') return 'ok: the access does nothing';
  return `PA ${hex(pa)} (${space}), ${attributesText(attributes)}${as}${tlbHit ? ', from the TLB' : ''}`;
}

const RECORDING: Readonly<Record<Outcome['recording'], string>> = {
  none: '',
  written: '; recorded in the event queue',
  full: '; not recorded: the event queue is full',
  disabled: '; not recorded: the event queue is disabled',
  suppressed: '; not recorded: CD.R=0',
  aborted: '; not recorded: the event queue has an active abort',
  merged: '; the last record stands for it',
  'stall-limit': '; not recorded yet: IDR5.STALL_MAX stalls are outstanding',
  waiting: '; its record waits for the event queue',
  unknown: '; whether the event queue may be written is not known',
};

function faultText(fault: Fault, outcome: Outcome): string {
  const name = fault.event ?? 'terminated without an event';
  return `${name} (${outcome.result}): ${fault.reason}${recordingText(fault, outcome)}`;
}

function recordingText({ stage }: Fault, { recording, result }: Outcome): string {
  if (recording !== 'suppressed') return RECORDING[recording];
  if (result === 'stall') return '; not recorded: the record of another stall of the page stands for it';
  return stage === 2 ? '; not recorded: STE.S2R=0' : RECORDING.suppressed;
}
