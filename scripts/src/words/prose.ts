// Extracts the prose of a source file: its comments, or the text of a Markdown document. Code is left out: fenced and
// indented blocks, inline code, links and addresses. Lines are kept, so that a position in the prose has its line number.

import ts from 'typescript';

/** A passage of prose, and the line of the file on which it starts (from 1). */
export interface Passage {
  readonly line: number;
  readonly text: string;
}

/** Returns the prose of a file; the end of its name decides how it is read. */
export function proseOf(path: string, text: string): Passage[] {
  if (path.endsWith('.md')) return [{ line: 1, text: withoutCode(text) }];
  return commentsOf(path, text).map(({ line, text }) => ({ line, text: withoutCode(withoutMarks(text)) }));
}

/** Returns every comment of a TypeScript or JavaScript file, with its marks. */
export function commentsOf(path: string, text: string): Passage[] {
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : path.endsWith('ts') ? ts.ScriptKind.TS : ts.ScriptKind.JS;
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, kind);
  const starts = new Map<number, number>();
  const collect = (ranges: readonly ts.CommentRange[] | undefined) => {
    for (const { pos, end } of ranges ?? []) starts.set(pos, end);
  };
  // Comments are read before and after each token: so no string, template or regular expression is taken for one.
  const visit = (node: ts.Node, isBeforeText: boolean): void => {
    if (ts.isJSDoc(node) || ts.isJsxText(node)) return; // the first is found as a comment, the second holds none
    const children = node.getChildren(file);
    for (const [at, child] of children.entries())
      visit(child, at === children.length - 1 && (isBeforeText || isJsxPart(node)));
    if (children.length > 0) return;
    collect(ts.getLeadingCommentRanges(text, node.getFullStart()));
    if (!isBeforeText) collect(ts.getTrailingCommentRanges(text, node.getEnd()));
  };
  visit(file, false);
  return [...starts]
    .sort(([a], [b]) => a - b)
    .map(([pos, end]) => ({
      line: file.getLineAndCharacterOfPosition(pos).line + 1,
      text: text.slice(pos, end),
    }));
}

/** Returns true for what the text of JSX may follow without a token between them. */
function isJsxPart({ kind }: ts.Node): boolean {
  return kind >= ts.SyntaxKind.JsxElement && kind <= ts.SyntaxKind.JsxExpression;
}

function withoutMarks(comment: string): string {
  if (comment.startsWith('//')) return comment.slice(2);
  return comment.slice(2, -2).replace(/^[ \t]*\*+ ?/gm, '');
}

/** Blanks all that is no prose, line by line. */
function withoutCode(text: string): string {
  return text
    .replace(/^([ \t]*)(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:\n[ \t]*\2[^\n]*|$(?![\s\S]))/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, blank)
    .replace(/\{@\w+[^}]*\}/g, blank)
    .replace(/\]\([^)\n]*\)/g, blank)
    .replace(/\bhttps?:\/\/\S+/g, blank)
    .replace(/<\/?[a-z][^>\n]*>/gi, blank);
}

function blank(part: string): string {
  return part.replace(/[^\n]/g, ' ');
}
