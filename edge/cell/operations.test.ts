import { readdirSync } from 'node:fs';
import path from 'node:path';

import { expect, test } from 'vitest';

import type { Operation } from '#contracts/operation';

import { app } from './app.ts';

const FOLDER = path.join(import.meta.dirname, './../../contracts/operations');

function nameOf({ method, path: at }: Pick<Operation, 'method'> & { readonly path: string }): string {
  return `${method} ${at}`;
}

test('the routes are the operations of the contracts, all of them and no other', async () => {
  const modules = await Promise.all(
    readdirSync(FOLDER).map((file): Promise<Record<string, Operation>> => import(path.join(FOLDER, file))),
  );
  const stated = modules.flatMap((module) => Object.values(module)).map(nameOf);
  const mounted = app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route' ? [`${definition.route.method} ${definition.route.path}`] : [],
  );
  expect(new Set(stated).size).toBe(stated.length);
  expect(mounted.toSorted()).toEqual(stated.toSorted());
});
