import { readFile } from 'node:fs/promises';

import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Not among the package's exports: it is made for a script element. */
const SCALAR_SCRIPT = new URL('../node_modules/@scalar/api-reference/dist/browser/standalone.js', import.meta.url);

/** The API reference page is the cell's; the script it needs is served from our own origin, next to the app. */
function selfHostedApiReference(): Plugin {
  return {
    name: 'soma:api-reference',
    apply: 'build',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'assets/scalar.js', source: await readFile(SCALAR_SCRIPT) });
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
