// Build of the page into `dist`: relative addresses, so that it works below any path of a proxy.

import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src/page',
  base: './',
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
