// One table of a TOML file, added or removed as text, so that comments and the order of everything else stay.

/** The text without the table `name` and its sub-tables. */
export function withoutTable(text: string, name: string): string {
  const kept: string[] = [];
  let isOwn = false;
  for (const line of text.split('\n')) {
    const header = /^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(#.*)?$/.exec(line)?.[1]?.replaceAll('"', '');
    if (header !== undefined) isOwn = header === name || header.startsWith(`${name}.`);
    if (!isOwn) kept.push(line);
  }
  return kept.join('\n').replace(/\n{3,}/g, '\n\n');
}

/** The text with the table at its end, in place of an older one. */
export function withTable(text: string, name: string, lines: readonly string[]): string {
  const rest = withoutTable(text, name).trimEnd();
  return `${rest === '' ? '' : `${rest}\n\n`}[${name}]\n${lines.join('\n')}\n`;
}

/** A string of TOML. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

/** A list of strings of TOML. */
export function tomlList(items: readonly string[]): string {
  return `[${items.map(tomlString).join(', ')}]`;
}
