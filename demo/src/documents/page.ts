// Writes the API page of one package as Markdown.

import { dirname, join, relative } from 'node:path';
import { anchorsOf, fenced, parseMarkdown } from './markdown.ts';
import type { ExportedItem, PackageApi, PackageEntry } from './package-api.ts';

/** The place of a page, and the treatment of exports without docstring. */
export interface PageOptions {
  readonly root: string;
  /** The folder of the page; links to sources are relative to it. */
  readonly file: string;
  /** Adds to each export without docstring a sentence with the place where to add one. */
  readonly nameGaps?: boolean;
}

/** The file name of a package's page. */
export function pageName(api: PackageApi): string {
  return `${api.folder.replaceAll('/', '-')}.md`;
}

/** Renders the page: description, imports, and every export. */
export function renderPage(api: PackageApi, options: PageOptions): string {
  const link = (file: string) => relative(dirname(options.file), join(options.root, file)).replaceAll('\\', '/');
  const title = `# ${api.name}`;
  const importing = ['## Importing', ...api.entries.map(entry => fenced('ts', importLine(entry)))];
  const sections = api.entries.flatMap(entry => [
    `## Exports of ${entry.specifier}`,
    `Declared in [${entry.file}](${link(entry.file)}).`,
    ...entry.items.flatMap(item => section(item, link, options.nameGaps ?? false)),
  ]);
  const body = [...importing, ...sections];
  return [title, `${api.description}.`, '## Contents', contents([title, '## Contents', ...body]), ...body, ''].join(
    '\n\n',
  );
}

/** Links to the headings below the contents. */
function contents(blocks: readonly string[]): string {
  const headings = parseMarkdown(blocks.join('\n\n')).headings;
  const anchors = anchorsOf(headings.map(heading => heading.text));
  return headings
    .map(({ level, text }, at) => `${'  '.repeat(level - 1)}- [${text}](#${anchors[at]})`)
    .slice(2)
    .map(line => line.slice(2))
    .join('\n');
}

/** An import to paste: of the values if there are any, otherwise of the types. */
function importLine(entry: PackageEntry): string {
  const values = entry.items.filter(item => item.kind !== 'interface' && item.kind !== 'type');
  const names = (values.length > 0 ? values : entry.items).slice(0, 6).map(item => item.name);
  return `import ${values.length > 0 ? '' : 'type '}{ ${names.join(', ')} } from '${entry.specifier}';`;
}

function section(item: ExportedItem, link: (file: string) => string, nameGaps: boolean): string[] {
  const place = `${item.file}:${item.line}`;
  const gap = nameGaps ? [`This ${item.kind} has no description yet; its docstring belongs at ${place}.`] : [];
  return [
    `### ${item.name}`,
    `*${item.kind}*, [${place}](${link(item.file)})`,
    ...(item.summary === '' ? gap : [item.summary]),
    fenced('ts', item.signature),
    ...item.members
      .filter(member => member.summary !== '')
      .map(member => `- \`${member.name}\`: ${member.summary.replace(/\s*\n\s*/g, ' ')}`),
    ...item.examples.map(example => (example.includes('```') ? example : fenced('ts', example))),
  ];
}
