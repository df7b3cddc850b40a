/** The tests of a script, read without its tables: enough for a list. */

/** A test block. */
export interface ListedTest {
  readonly name: string;
  /** From 1. */
  readonly line: number;
}

const TEST = /^[ \t]*test[ \t]+"((?:[^"\\]|\\.)*)"/;

/** The test blocks of a script by their lines. */
export function testsOf(text: string): readonly ListedTest[] {
  return text.split('\n').flatMap((line, at) => {
    const name = TEST.exec(line)?.[1];
    return name === undefined ? [] : [{ name: name.replace(/\\(["\\])/g, '$1'), line: at + 1 }];
  });
}
