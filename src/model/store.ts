/** Something that keeps entries, so that effects can put them in and take them out. */
export interface Store<Entry> {
  insert(entry: Entry): void;
  /** Removes just this entry. */
  remove(entry: Entry): void;
}
