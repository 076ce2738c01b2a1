// Writes the API page of one package as Markdown.

import { dirname, join, relative } from 'node:path';
import { anchorsOf, fenced, parseMarkdown } from './markdown.ts';
import type { ExportedThing, PackageApi, PackageEntry } from './package-api.ts';

/** Where a page lies, and whether it names what is not described. */
export interface PageOptions {
  readonly root: string;
  /** Where the page will lie: links to sources are relative to it. */
  readonly file: string;
  /** Gives what has no docstring a sentence that says so, with the place to add one. */
  readonly nameGaps?: boolean;
}

/** The file name of a package's page. */
export function pageName(api: PackageApi): string {
  return `${api.folder.replaceAll('/', '-')}.md`;
}

/** The whole page: what the package is, how it is imported, and every export. */
export function renderPage(api: PackageApi, options: PageOptions): string {
  const link = (file: string) => relative(dirname(options.file), join(options.root, file)).replaceAll('\\', '/');
  const title = `# ${api.name}`;
  const importing = ['## Importing', ...api.entries.map(entry => fenced('ts', importLine(entry)))];
  const sections = api.entries.flatMap(entry => [
    `## Exports of ${entry.specifier}`,
    `Declared in [${entry.file}](${link(entry.file)}).`,
    ...entry.things.flatMap(thing => section(thing, link, options.nameGaps ?? false)),
  ]);
  const body = [...importing, ...sections];
  return [title, `${api.description}.`, '## Contents', contents([title, '## Contents', ...body]), ...body, ''].join(
    '\n\n',
  );
}

/** A list of links to the headings below the contents. */
function contents(blocks: readonly string[]): string {
  const headings = parseMarkdown(blocks.join('\n\n')).headings;
  const anchors = anchorsOf(headings.map(heading => heading.text));
  return headings
    .map(({ level, text }, at) => `${'  '.repeat(level - 1)}- [${text}](#${anchors[at]})`)
    .slice(2)
    .map(line => line.slice(2))
    .join('\n');
}

/** An import that a reader can paste: the values if there are any, otherwise the types. */
function importLine(entry: PackageEntry): string {
  const values = entry.things.filter(thing => thing.kind !== 'interface' && thing.kind !== 'type');
  const names = (values.length > 0 ? values : entry.things).slice(0, 6).map(thing => thing.name);
  return `import ${values.length > 0 ? '' : 'type '}{ ${names.join(', ')} } from '${entry.specifier}';`;
}

function section(thing: ExportedThing, link: (file: string) => string, nameGaps: boolean): string[] {
  const place = `${thing.file}:${thing.line}`;
  const gap = nameGaps ? [`Nothing is said about this ${thing.kind} yet; its docstring belongs at ${place}.`] : [];
  return [
    `### ${thing.name}`,
    `*${thing.kind}*, [${place}](${link(thing.file)})`,
    ...(thing.summary === '' ? gap : [thing.summary]),
    fenced('ts', thing.signature),
    ...thing.members
      .filter(member => member.summary !== '')
      .map(member => `- \`${member.name}\`: ${member.summary.replace(/\s*\n\s*/g, ' ')}`),
    ...thing.examples.map(example => (example.includes('```') ? example : fenced('ts', example))),
  ];
}
