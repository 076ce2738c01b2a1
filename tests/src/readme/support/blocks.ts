// Code blocks of a Markdown page, with the directives of their test. A directive is a comment before a block:
//   <!-- test: background until "text" -->  the command goes on; the next block runs once it has printed this
//   <!-- test: background -->               the command goes on; the next block runs immediately
//   <!-- test: exit 4 -->                   the exit code; 0 without it
//   <!-- test: covered by PATH -->          that test runs it, not the test of the page
//   <!-- test: syntax -->                   parsed, not run
//   <!-- test: run COMMAND -->              a shell command that readers do not see, at this place
//   <!-- test: no hub -->                   for the page: the blocks start the hub themselves
// A block of `text` after a block is its expected output; "…" in it matches anything.

/** A fenced block of code. */
export interface Block {
  readonly line: number;
  readonly language: string;
  /** Name of the file that readers save it as: the `[name]` after the language. */
  readonly name: string | undefined;
  readonly code: string;
  /** The directive before it. */
  readonly directive: string | undefined;
  /** The expected output. */
  readonly output: string | undefined;
}

/** A block, or a hidden shell command. */
export type PageItem = { readonly block: Block } | { readonly hidden: string };

/** The parts of a page that run, in order. */
export interface PageSource {
  readonly items: readonly PageItem[];
  readonly hasHub: boolean;
}

const FENCE = /^(\s*)```(.*)$/;
const DIRECTIVE = /^\s*<!-- test: (.*?) -->\s*$/;

/** Reads the code blocks of Markdown. */
export function readBlocks(markdown: string): PageSource {
  const lines = markdown.split('\n');
  const items: PageItem[] = [];
  let hasHub = true;
  let directive: string | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const found = DIRECTIVE.exec(line)?.[1];
    if (found === 'no hub') hasHub = false;
    else if (found?.startsWith('run ')) items.push({ hidden: found.slice('run '.length) });
    else if (found !== undefined) directive = found;
    const fence = FENCE.exec(line);
    if (!fence) continue;
    const [, indent = '', information = ''] = fence;
    const end = lines.findIndex((each, index) => index > at && each.trim() === '```');
    if (end < 0) throw new Error(`line ${at + 1}: the block has no end`);
    const code = lines
      .slice(at + 1, end)
      .map(each => (each.startsWith(indent) ? each.slice(indent.length) : each))
      .join('\n');
    const language = /^\w*/.exec(information)?.[0] ?? '';
    const block = { line: at + 1, language, name: /\[(.+?)\]/.exec(information)?.[1], code: `${code}\n` };
    const last = items.at(-1);
    if (language === 'text') {
      if (last === undefined || !('block' in last) || last.block.output !== undefined)
        throw new Error(`line ${at + 1}: this output follows no block`);
      items[items.length - 1] = { block: { ...last.block, output: block.code } };
    } else items.push({ block: { ...block, directive, output: undefined } });
    directive = undefined;
    at = end;
  }
  return { items, hasHub };
}

/** Returns true if the printed text is the expected one, in which "…" matches anything. */
export function isExpected(printed: string, expected: string): boolean {
  const pattern = tidy(expected)
    .split('…')
    .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^]*?');
  return new RegExp(`^${pattern}$`).test(tidy(printed));
}

function tidy(text: string): string {
  return text.replace(/[ \t]+$/gm, '').trim();
}
