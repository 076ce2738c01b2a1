// The site of these documents: `npm run docs` builds it, with the API reference, into `.vitepress/dist`. A dead link fails the build.

import { defineConfig } from 'vitepress';
import { repositoryLinks } from './repository-links.ts';

/** The named block of a page as a file: its name is above it. In a group the tabs have the names. */
const FILE_NAME = /\[(.+?)\]/;

export default defineConfig({
  title: 'Agora',
  description: 'A real-time coordination hub for AI agents',
  lang: 'en',
  cleanUrls: true,
  head: [['meta', { name: 'color-scheme', content: 'light dark' }]],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guides', link: '/getting-started' },
      { text: 'Reference', link: '/reference/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'Getting started', link: '/getting-started' },
          { text: 'An LLM worker', link: '/llm-worker' },
        ],
      },
      {
        text: 'Guides',
        items: [
          { text: 'Messages', link: '/messages' },
          { text: 'Workflows', link: '/workflows' },
          { text: 'Events', link: '/events' },
          { text: 'Claims', link: '/claims' },
          { text: 'Agents in any language', link: '/any-language' },
          { text: 'From files to Agora', link: '/from-files' },
          { text: 'From Python calls to TypeScript', link: '/from-python' },
          { text: 'Questions and answers', link: '/faq' },
        ],
      },
      {
        text: 'Operating',
        items: [
          { text: 'Dashboard', link: '/dashboard' },
          { text: 'Operators', link: '/operators' },
          { text: 'Deployment', link: '/deployment' },
          { text: 'Security', link: '/reference/security' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Overview', link: '/reference/' },
          { text: 'TypeScript API', link: '/api/' },
          { text: 'Command line', link: '/reference/command-line' },
          { text: 'Contract of the module', link: '/reference/contract' },
          { text: 'The client in depth', link: '/reference/client' },
          { text: 'A hub for your tests', link: '/reference/testing' },
          { text: 'Changes', link: '/reference/changes' },
        ],
      },
    ],
  },
  markdown: {
    languageAlias: { caddy: 'nginx' },
    config(markdown) {
      markdown.use(repositoryLinks);
      const { fence } = markdown.renderer.rules;
      markdown.renderer.rules.fence = (tokens, at, ...rest) => {
        // Before the fence is rendered, which removes the name.
        const name = FILE_NAME.exec(tokens[at]?.info ?? '')?.[1];
        const html = fence?.(tokens, at, ...rest) ?? '';
        const opened = tokens.slice(0, at).filter(({ type }) => type === 'container_code-group_open').length;
        const closed = tokens.slice(0, at).filter(({ type }) => type === 'container_code-group_close').length;
        if (name === undefined || opened > closed) return html;
        return `<p style="margin-bottom: -0.5rem"><code>${markdown.utils.escapeHtml(name)}</code></p>${html}`;
      };
    },
  },
});
