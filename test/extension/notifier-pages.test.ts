import { describe, expect, it } from 'vitest';
import { EVENTS_PAGE } from '../../extension/views/notifiers/events-page.ts';
import { matrixPage, sentencePage } from '../../extension/views/notifiers/matrix-page.ts';
import { type Page, pageHtml } from '../../extension/views/notifiers/page.ts';
import { MOST_DRAWN, policiesAsCsv, policiesPage } from '../../extension/views/notifiers/policies-page.ts';
import type { NotifierMatrixRow, PolicyColumn, PolicyRow } from '../../src/adapter/custom-requests.ts';

const EVIL = '<img src=x onerror="alert(1)">&\'';

const matrixRow = (more: Partial<NotifierMatrixRow> = {}): NotifierMatrixRow => ({
  device: 'nic',
  sid: 8,
  world: 's',
  consumer: 'vfio',
  notifier: 0,
  refused: null,
  told: 3,
  untold: 1,
  missed: 0,
  wrongSpace: 0,
  held: 2,
  ...more,
});

const column = (policy: PolicyColumn['policy'], more: Partial<PolicyColumn> = {}): PolicyColumn => ({
  policy,
  registered: 1,
  refused: 0,
  told: 2,
  untold: 0,
  missed: 0,
  wrongSpace: 0,
  findings: [],
  moreFindings: 0,
  aborts: 0,
  ...more,
});

const policyRow = (outcomes: readonly string[], more: Partial<PolicyRow> = {}): PolicyRow => ({
  cause: 'CMD_TLBI_NH_VA',
  device: 'nic',
  consumer: 'vfio',
  actsOn: 's',
  outcomes,
  place: '',
  differs: new Set(outcomes).size > 1,
  ...more,
});

/** The texts of the cells of each row, without marks that are not read. */
function cells(html: string): string[][] {
  return [...html.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) =>
      cell
        .replace(/<span class="icon"[^>]*>.*?<\/span>/g, '')
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    ),
  );
}

describe('the pages of the notifier views', () => {
  const files = { cspSource: 'https://host', style: 'https://host/s.css', script: 'https://host/s.js' };
  const pages: readonly Page[] = [
    EVENTS_PAGE,
    sentencePage(EVIL, EVIL),
    matrixPage([matrixRow({ device: EVIL, refused: EVIL })], 'all'),
    policiesPage({
      columns: [column('route', { findings: [EVIL] })],
      rows: [policyRow([EVIL], { cause: EVIL, device: EVIL })],
      more: 0,
    }),
  ];

  it.each(pages.map((page) => [page.title.slice(0, 20), page]))(
    '%s runs no script but its own',
    (_, page) => {
      const html = pageHtml(files, page, 'NONCE');
      expect(html).toContain(
        '<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; ' +
          'style-src https://host; script-src &#39;nonce-NONCE&#39;;">',
      );
      expect(html.match(/<script\b[^>]*>/g)).toEqual(['<script nonce="NONCE" src="https://host/s.js">']);
      expect(html).not.toMatch(/<img|\son\w+="|\sstyle=|unsafe/);
    },
  );

  it('keep the text of others text', () => {
    const html = matrixPage([matrixRow({ device: EVIL, refused: EVIL })], 'all').body;
    expect(html).toContain('&#60;img src=x onerror=&#34;alert(1)&#34;&#62;&#38;&#39;');
  });
});

describe('the Notifier matrix', () => {
  it('has a row for each notifier and a column for each state, in words', () => {
    const { body } = matrixPage(
      [
        matrixRow({ world: 'ns', missed: 1 }),
        matrixRow({ wrongSpace: 2 }),
        matrixRow({ device: 'gpu', sid: 16, consumer: 'vhost', refused: 'sec-sid is not Non-secure' }),
      ],
      'all',
    );
    expect(cells(body)).toEqual([
      ['Device', 'Consumer', 'Non-secure', 'Secure'],
      [
        'nic sid 0x8',
        'vfio #0',
        'registered 3 told, 1 not told, holds 2 1 missed Events',
        'registered 3 told, 1 not told, holds 2 2 in the wrong space Events',
      ],
      [
        'gpu sid 0x10',
        'vhost #0',
        'no such transactions',
        'refused sec-sid is not Non-secure 3 told, 1 not told, holds 2 Events',
      ],
    ]);
    expect(body).toContain('aria-label="Events of gpu, Secure"');
  });

  it('shows one state alone, and says when there is nothing', () => {
    const rows = [matrixRow({ world: 'ns' }), matrixRow()];
    expect(cells(matrixPage(rows, 's').body)[0]).toEqual(['Device', 'Consumer', 'Secure']);
    expect(matrixPage(rows, 'realm').body).toContain('No device of the Realm state has a notifier.');
    expect(matrixPage([], 'all').body).toContain('No device has a notifier.');
  });
});

describe('the comparison of policies', () => {
  const columns = [column('qemu-upstream'), column('route', { missed: 1, findings: ['a lost UNMAP'] })];

  it('marks what differs from the first column by a sign, a word and a class', () => {
    const { body } = policiesPage({
      columns,
      rows: [policyRow(['told', 'told']), policyRow(['told', 'not told'])],
      more: 0,
    });
    const rows = cells(body);
    expect(rows[0]).toEqual(['Whole session', 'qemu-upstream', 'route']);
    expect(rows).toContainEqual(['Missed', '0', 'differs: 1']);
    expect(rows).toContainEqual(['Told', '2', '2']);
    expect(rows.at(-2)).toEqual(['CMD_TLBI_NH_VA', 'Secure', 'nic vfio', 'told', 'told']);
    expect(rows.at(-1)).toEqual(['CMD_TLBI_NH_VA', 'Secure', 'nic vfio', 'told', 'differs: not told']);
    expect(body.match(/<tr class="different">/g)?.length).toBe(3);
    expect(body).toContain('1 of 2 decisions differ');
    expect(body).toContain('<h2>Findings under route</h2><ul><li>a lost UNMAP</li></ul>');
  });

  it('draws so many rows at most, those that differ, and says how many are left out', () => {
    const rows = [
      ...Array.from({ length: MOST_DRAWN + 10 }, () => policyRow(['told', 'told'])),
      policyRow(['told', 'not told']),
    ];
    const { body } = policiesPage({ columns, rows, more: 70 });
    expect(body).toContain(`1 of ${MOST_DRAWN + 11} rows are drawn`);
    expect(body).toContain('70 more are in the numbers of the whole session only.');
    expect(body.match(/<tr /g)?.length).toBeLessThan(20);
  });

  it('is CSV with the whole session first', () => {
    const rows = [policyRow(['told', 'not told'])];
    const lines = policiesAsCsv({ columns, rows, more: 0 }).split('\r\n');
    expect(lines[0]).toBe('invalidation,actsOn,device,consumer,differs,qemu-upstream,route');
    expect(lines).toContain('Missed,,,,true,0,1');
    expect(lines.at(-2)).toBe('CMD_TLBI_NH_VA,s,nic,vfio,true,told,not told');
    const beyond = policiesAsCsv({ columns, rows, more: 7 }).split('\r\n');
    expect(beyond.at(-2)).toContain('7 more, in the numbers only');
  });
});
