// Technical review of a page: is it complete, and does each statement hold?

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';
import { anchorsOf, parseMarkdown, type Markdown } from './markdown.ts';
import type { PackageApi } from './package-api.ts';

/** A fault of a page; a `gap` fault ends when the page names the export without docstring. */
export interface Finding {
  readonly check: 'missing-export' | 'gap' | 'broken-link' | 'broken-code' | 'no-example' | 'duplicate-heading';
  readonly sentence: string;
}

/** Checks the page against the package, which is read again from its source. */
export function reviewPage(text: string, file: string, api: PackageApi): Finding[] {
  const page = parseMarkdown(text);
  return [...exportFindings(page, api), ...linkFindings(page, file), ...codeFindings(page), ...headingFindings(page)];
}

function exportFindings(page: Markdown, api: PackageApi): Finding[] {
  return api.entries.flatMap(entry =>
    entry.items.flatMap((item): Finding[] => {
      const at = page.headings.findIndex(heading => heading.text === item.name);
      const heading = page.headings[at];
      if (!heading) return [{ check: 'missing-export', sentence: `${item.name} is exported, but not on the page.` }];
      const end = page.headings[at + 1]?.line ?? Infinity;
      const prose = page.paragraphs.filter(({ line, text }) => line > heading.line && line < end && !isPlace(text));
      return prose.length > 0 ? [] : [{ check: 'gap', sentence: `${item.name} has no description.` }];
    }),
  );
}

/** The line with kind and place under a heading is not a description. */
function isPlace(text: string): boolean {
  return /^\*\w+\*, \[/.test(text);
}

function linkFindings(page: Markdown, file: string): Finding[] {
  const anchors = new Set(anchorsOf(page.headings.map(heading => heading.text)));
  return page.links
    .filter(target => !/^https?:/.test(target))
    .filter(target =>
      target.startsWith('#') ? !anchors.has(target.slice(1)) : !existsSync(resolve(dirname(file), target)),
    )
    .map(target => ({ check: 'broken-link', sentence: `The link to ${target} leads nowhere.` }));
}

function codeFindings(page: Markdown): Finding[] {
  if (!page.fences.some(fence => fence.language === 'ts' && /^import /m.test(fence.code)))
    return [{ check: 'no-example', sentence: 'No example shows how the package is imported.' }];
  return page.fences.flatMap((fence): Finding[] => {
    if (!fence.closed) return [{ check: 'broken-code', sentence: `The code at line ${fence.line} never ends.` }];
    if (fence.language !== 'ts') return [];
    const options = { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ESNext } };
    const fault = ts.transpileModule(fence.code, options).diagnostics?.[0];
    if (!fault) return [];
    const reason = ts.flattenDiagnosticMessageText(fault.messageText, ' ');
    return [{ check: 'broken-code', sentence: `The code at line ${fence.line} does not parse: ${reason}` }];
  });
}

function headingFindings(page: Markdown): Finding[] {
  const texts = page.headings.map(heading => heading.text);
  return [...new Set(texts.filter((text, at) => texts.indexOf(text) !== at))].map(text => ({
    check: 'duplicate-heading',
    sentence: `The heading "${text}" stands on the page more than once.`,
  }));
}
