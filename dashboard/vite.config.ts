// Build of the page into `dist`: relative addresses, so that it works below any path of a proxy.

import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src/page',
  base: './',
  // The page has no dynamic import: with one, Vite and the bundler of the catalog write a script that does not parse.
  build: {
    outDir: '../../dist',
    emptyOutDir: true,
    target: 'es2022',
    // The polyfill is an inline script, which the policy of the page forbids; current browsers need none.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
});
