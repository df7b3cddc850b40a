import type { Page } from './page.ts';

/** The fixed part of the Notifier events page; everything else is put in by its script, as text. */
export const EVENTS_PAGE: Page = {
  title: 'Notifier events',
  kind: 'events',
  body: `
<div id="bar" role="toolbar" aria-label="Filters of notifier events">
<input id="text" type="search" placeholder="Filter: command, device, range, reason" aria-label="Filter by text">
<select id="world" aria-label="Security state"></select>
<select id="decision" aria-label="Kind of decision"></select>
<button id="export" type="button">Export…</button>
<span id="summary" role="status"></span>
</div>
<div id="grid" role="grid" aria-label="Notifier events" tabindex="0">
<div id="head" role="row" aria-rowindex="1"></div>
<div id="rows" role="presentation"></div>
</div>
<p id="nothing" hidden></p>
<div id="details" role="region" aria-label="The selected notifier event" aria-live="polite" hidden></div>
`,
};
