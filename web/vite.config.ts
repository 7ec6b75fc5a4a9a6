import { readFile } from 'node:fs/promises';

import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Not among the package's exports: it is made for a script element. */
const SCALAR_SCRIPT = new URL('../node_modules/@scalar/api-reference/dist/browser/standalone.js', import.meta.url);

/** Its copy of zod then does not probe for `eval`, which the page's policy reports. */
const NO_EVAL = 'globalThis.__zod_globalConfig = { jitless: true };\n';

/** The API reference page is the cell's; the script it needs is served from our own origin, next to the app. */
function selfHostedApiReference(): Plugin {
  return {
    name: 'soma:api-reference',
    apply: 'build',
    async generateBundle() {
      this.emitFile({
        type: 'asset',
        fileName: 'assets/scalar.js',
        source: NO_EVAL + (await readFile(SCALAR_SCRIPT, 'utf8')),
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), selfHostedApiReference()],
  build: {
    target: 'es2023',
    cssTarget: ['chrome125', 'safari18', 'firefox130'],
    modulePreload: { polyfill: false },
    // A data: URL would need a wider content security policy.
    assetsInlineLimit: 0,
    rolldownOptions: { output: { strictExecutionOrder: true } },
    reportCompressedSize: true,
  },
});
