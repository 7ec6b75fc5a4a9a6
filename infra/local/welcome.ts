import type { Platform } from './platform.ts';
import type { DemoAccount } from './seed.ts';

/** What a person wants to know of a platform that has just come up: where it is, who may sign in, what to try. */
export function welcome({ publicUrl, cells, dataDirectory }: Platform, accounts: readonly DemoAccount[]): string {
  const rows = [
    ['marketplace', publicUrl],
    ['API reference', `${publicUrl}/reference`],
    ...Object.entries(cells).map(([cell, { url }]) => [`cell ${cell}`, url]),
    ['data, logs', dataDirectory],
  ];
  const people = accounts.map(({ handle, purpose, email, password }) => [
    `${handle} (${purpose})`,
    `${email}  ${password}`,
  ]);
  const [, tenant] = accounts;
  const commands = [
    `SOMA_URL=${publicUrl} npm run soma -- login --email ${tenant?.email ?? 'you@example.com'}`,
    'npm run demo',
    `curl ${publicUrl}/readyz`,
  ];
  return [
    '',
    ...table(rows),
    '',
    ...table(people),
    '',
    'Try:',
    ...commands.map((command) => `  ${command}`),
    '',
    'Ctrl-C stops everything.',
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', value = '']) => `  ${name.padEnd(width)}  ${value}`);
}
