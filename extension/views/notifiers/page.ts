/** The pages of webviews: what they may load, and text that stays text. */

/** Where a page finds its files, as URIs of its webview. */
export interface PageFiles {
  readonly cspSource: string;
  readonly style: string;
  readonly script: string;
}

export interface Page {
  readonly title: string;
  /** Class of the body, by which the style sheet knows the page. */
  readonly kind: 'events' | 'tables';
  /** HTML in which every text of others is escaped. */
  readonly body: string;
}

/** Text of others, for the inside of an element or of a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/**
 * A whole page. Nothing but its own style sheet and its own script is loaded, and no script but that with the nonce runs.
 * @param nonce a random word, another for each page
 */
export function pageHtml(
  { cspSource, style, script }: PageFiles,
  { title, kind, body }: Page,
  nonce: string,
): string {
  const policy = `default-src 'none'; style-src ${cspSource}; script-src 'nonce-${nonce}';`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<link rel="stylesheet" href="${escapeHtml(style)}">
<title>${escapeHtml(title)}</title>
</head>
<body class="${kind}">
${body}
<script nonce="${nonce}" src="${escapeHtml(script)}"></script>
</body>
</html>
`;
}
