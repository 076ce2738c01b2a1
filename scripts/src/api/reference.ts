// The API reference in Markdown: one page per entry of a published package, from the models of API Extractor. Exports only;
// a class has the methods that it inherits.

import { z } from 'zod';

/** The used parts of an item of a model. */
interface Member {
  readonly kind: string;
  readonly canonicalReference: string;
  readonly name?: string | undefined;
  readonly docComment: string;
  readonly excerptTokens: readonly { readonly text: string; readonly canonicalReference?: string | undefined }[];
  readonly extendsTokenRange?: { readonly startIndex: number; readonly endIndex: number } | undefined;
  readonly members: readonly Member[];
}

const Member: z.ZodType<Member> = z.lazy(() =>
  z.object({
    kind: z.string(),
    canonicalReference: z.string(),
    name: z.string().optional(),
    docComment: z.string().default(''),
    excerptTokens: z.array(z.object({ text: z.string(), canonicalReference: z.string().optional() })).default([]),
    extendsTokenRange: z.object({ startIndex: z.number(), endIndex: z.number() }).optional(),
    members: z.array(Member).default([]),
  }),
);

const Model = z.object({ name: z.string(), members: z.array(z.object({ members: z.array(Member) })).length(1) });

/** A page of the reference. */
export interface ReferencePage {
  /** Name of the entry as programs import it. */
  readonly title: string;
  readonly file: string;
  readonly text: string;
}

const KINDS: readonly [heading: string, kinds: readonly string[]][] = [
  ['Classes', ['Class']],
  ['Functions', ['Function']],
  ['Constants', ['Variable']],
  ['Types', ['Interface', 'TypeAlias']],
];

/** Makes the page of a model (`*.api.json`). `title` is its import name. */
export function referencePage(model: string, title: string): ReferencePage {
  const [entry] = Model.parse(JSON.parse(model)).members;
  const all = entry?.members ?? [];
  const exported = all.filter(({ canonicalReference }) => !canonicalReference.includes('!~'));
  const parts = [`# ${title}`];
  for (const [heading, kinds] of KINDS) {
    const members = exported.filter(({ kind }) => kinds.includes(kind));
    if (members.length === 0) continue;
    parts.push(`## ${heading}`, ...members.flatMap(member => describe(member, all)));
  }
  const file = `${title.replace('@agora/', '').replaceAll('/', '-')}.md`;
  return { title, file, text: `${parts.join('\n\n')}\n` };
}

/** The page that lists all others. */
export function referenceIndex(pages: readonly ReferencePage[]): string {
  const rows = pages.map(({ title, file }) => `- [\`${title}\`](${file})`);
  return `# TypeScript API\n\nEvery export of the published packages, generated from the sources.\n\n${rows.join('\n')}\n`;
}

function describe(member: Member, all: readonly Member[]): string[] {
  const heading = `### ${member.name ?? ''}`;
  if (member.kind === 'Class') {
    const methods = [...inherited(member, all), ...member.members].filter(({ name }) => !/^['"]*~/.test(name ?? ''));
    const parts = methods
      .sort((a, b) => order(a).localeCompare(order(b)))
      .flatMap((method, at, sorted) => {
        const isOverload = at > 0 && sorted[at - 1]?.name === method.name && method.kind === 'Method';
        return [
          ...(isOverload ? [] : [`#### ${method.name ?? 'constructor'}`]),
          code(signature(method)),
          ...prose(method),
        ];
      });
    return [heading, ...prose(member), code(`${signature(member)} { … }`), ...parts];
  }
  if (member.kind === 'Interface') return [heading, ...prose(member), code(interfaceText(member))];
  return [heading, ...prose(member), code(signature(member))];
}

/** The constructor first, then by name. */
function order({ kind, name = '' }: Member): string {
  return kind === 'Constructor' ? '' : name;
}

/** Members of the base classes that are not exported: readers see the class as a whole. */
function inherited({ excerptTokens, extendsTokenRange }: Member, all: readonly Member[]): Member[] {
  if (!extendsTokenRange) return [];
  const tokens = excerptTokens.slice(extendsTokenRange.startIndex, extendsTokenRange.endIndex);
  const base = all.find(({ canonicalReference }) =>
    tokens.some(token => token.canonicalReference === canonicalReference),
  );
  if (!base?.canonicalReference.includes('!~')) return [];
  return [...inherited(base, all), ...base.members.filter(({ kind }) => kind !== 'Constructor')];
}

function interfaceText(member: Member): string {
  const lines = member.members.flatMap(each => {
    const comment = each.docComment.trim();
    return [...(comment === '' ? [] : comment.split('\n')), ...signature(each).split('\n')].map(line => `  ${line}`);
  });
  return lines.length === 0 ? `${signature(member)} {}` : `${signature(member)} {\n${lines.join('\n')}\n}`;
}

function signature({ excerptTokens }: Member): string {
  return excerptTokens
    .map(({ text }) => text)
    .join('')
    .trim();
}

function code(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

/** A doc comment as Markdown. */
function prose({ docComment }: Member): string[] {
  const text = docComment
    .replace(/^\/\*\*|\*\/\s*$/g, '')
    .replace(/^[ \t]*\* ?/gm, '')
    .replace(/\{@link ([^}|]+?)\s*(\|[^}]*)?\}/g, '`$1`')
    .replace(/^@example\s*/gm, 'Example:\n\n')
    .replace(/^@(\w+) /gm, '*$1* ')
    .trim();
  return text === '' ? [] : [escapeMarkup(text)];
}

/** What the site would read as markup, outside of code. */
function escapeMarkup(text: string): string {
  return text
    .split(/(```[^]*?```|`[^`\n]*`)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;')))
    .join('');
}
