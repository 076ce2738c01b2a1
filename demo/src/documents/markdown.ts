// Minimal Markdown for writing and checking a page: headings, fences, links and prose.

/** A heading; levels start at 1. */
export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly line: number;
}

/** A fenced block of code. */
export interface Fence {
  readonly language: string;
  readonly code: string;
  readonly line: number;
  /** False if the document ends before the fence does. */
  readonly closed: boolean;
}

/** A parsed document; fences are in no paragraph. */
export interface Markdown {
  readonly headings: readonly Heading[];
  readonly fences: readonly Fence[];
  /** Targets of `[text](target)` outside fences. */
  readonly links: readonly string[];
  readonly paragraphs: readonly { readonly text: string; readonly line: number }[];
}

/** Parses a document line by line. */
export function parseMarkdown(text: string): Markdown {
  const headings: Heading[] = [];
  const fences: Fence[] = [];
  const paragraphs: { text: string; line: number }[] = [];
  let fence: { marker: string; language: string; lines: string[]; line: number } | undefined;
  let paragraph: { lines: string[]; line: number } | undefined;

  const endParagraph = () => {
    if (paragraph) paragraphs.push({ text: paragraph.lines.join(' '), line: paragraph.line });
    paragraph = undefined;
  };

  for (const [index, line] of text.split('\n').entries()) {
    const at = index + 1;
    if (fence) {
      if (line.trim() === fence.marker) {
        fences.push({ language: fence.language, code: fence.lines.join('\n'), line: fence.line, closed: true });
        fence = undefined;
      } else fence.lines.push(line);
      continue;
    }
    const opening = /^(`{3,})(\w*)\s*$/.exec(line);
    const heading = /^(#{1,6}) (.+)$/.exec(line);
    if (opening || heading || line.trim() === '') endParagraph();
    if (opening) fence = { marker: opening[1] ?? '', language: opening[2] ?? '', lines: [], line: at };
    else if (heading) headings.push({ level: heading[1]?.length ?? 0, text: heading[2] ?? '', line: at });
    else if (line.trim() !== '') {
      paragraph ??= { lines: [], line: at };
      paragraph.lines.push(line.trim());
    }
  }
  endParagraph();
  if (fence) fences.push({ language: fence.language, code: fence.lines.join('\n'), line: fence.line, closed: false });
  const links = paragraphs.flatMap(({ text: prose }) => linksIn(prose));
  return { headings, fences, links, paragraphs };
}

function linksIn(prose: string): string[] {
  return [...withoutCode(prose).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(match => match[1] ?? '');
}

/** Prose without code, link targets and marks. */
export function plainText(prose: string): string {
  return withoutCode(prose)
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*_>|#]/g, '')
    .trim();
}

function withoutCode(prose: string): string {
  return prose.replace(/`[^`]*`/g, 'code');
}

/** The anchors of headings in order; the second of two equal anchors ends in `-1`, as in common renderers. */
export function anchorsOf(headings: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return headings.map(heading => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** A fence around any code, longer than every run of backticks inside. */
export function fenced(language: string, code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(match => match[0].length));
  const marker = '`'.repeat(longest + 1);
  return `${marker}${language}\n${code}\n${marker}`;
}
