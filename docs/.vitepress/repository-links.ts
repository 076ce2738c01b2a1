// Links to files of the repository: to their page if the site has one, else plain text.

import { posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

/** Files outside of this folder that pages show, by the page. */
const SHOWN: Readonly<Record<string, string>> = {
  'reference/command-line.md': 'cli/README.md',
  'reference/client.md': 'client/README.md',
  'reference/contract.md': 'module/CONTRACT.md',
  'reference/testing.md': 'testing/README.md',
  'reference/security.md': 'SECURITY.md',
  'reference/changes.md': 'CHANGELOG.md',
};
const PAGES = new Map(Object.entries(SHOWN).map(([page, file]) => [file, page]));

/** Resolves the links of all pages but those of the API reference, whose links are its own. */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const page = (env as { relativePath?: string }).relativePath; // set by VitePress
    if (page === undefined || page.startsWith('api/')) return;
    const from = posix.dirname(SHOWN[page] ?? `docs/${page}`);
    for (const { children } of tokens) {
      let isRemoved = false;
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const href = token.attrGet('href') ?? '';
          const target = siteTarget(href, from);
          isRemoved = target === undefined;
          if (target !== undefined) token.attrSet('href', target);
        }
        if (isRemoved && (token.type === 'link_open' || token.type === 'link_close')) {
          if (token.type === 'link_close') isRemoved = false;
          token.type = 'text';
          token.content = '';
        }
      }
    }
  });
}

/** The address on the site; undefined for a file that is not on it. */
function siteTarget(href: string, from: string): string | undefined {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const file = posix.normalize(posix.join(from, path));
  const page =
    PAGES.get(file) ?? (file.startsWith('docs/') && file.endsWith('.md') ? file.slice('docs/'.length) : undefined);
  return page === undefined ? undefined : `/${page}${anchor === undefined ? '' : `#${anchor}`}`;
}
