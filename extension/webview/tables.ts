/** The script of the pages that are plain tables: the Notifier matrix, the comparison of policies. */

import type { FromTables } from '../views/notifiers/table-messages.ts';
import { send } from './host.ts';

const post = (message: FromTables): void => send(message);

document.addEventListener('click', ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  const { device, world } = target.dataset;
  if (device !== undefined && world !== undefined) post({ type: 'events', device, world });
  else if (target.id === 'export') post({ type: 'export' });
});
document.addEventListener('change', ({ target }) => {
  if (target instanceof HTMLInputElement && target.id === 'differing')
    document.body.classList.toggle('only-different', target.checked);
});
