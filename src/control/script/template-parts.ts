/** The expressions in braces of a text, and where they stand. */
export function templateExpressions(
  text: string,
): readonly { readonly text: string; readonly offset: number }[] {
  const found: { text: string; offset: number }[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '{') {
      const end = text.indexOf('}', at);
      if (end < 0) break;
      found.push({ text: text.slice(at + 1, end), offset: at + 1 });
      at = end;
    }
  }
  return found;
}
