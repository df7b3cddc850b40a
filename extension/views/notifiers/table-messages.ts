/** What the pages of the Notifier matrix and of the comparison of policies tell the extension. */
export type FromTables =
  | { readonly type: 'events'; readonly device: string; readonly world: string }
  | { readonly type: 'export' };
