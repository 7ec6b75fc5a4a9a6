import { expect, test } from 'vitest';

import { app } from './app.ts';
import { ACCESS_EXTENSION, AUDIT_EXTENSION } from './openapi.ts';

/** What is served beside the API: the document and the page that shows it. */
const UNDOCUMENTED = ['/openapi.json', '/reference', '/reference/start.js'];

const declared = app.openAPIRegistry.definitions.flatMap((definition) =>
  definition.type === 'route' ? [definition.route] : [],
);

test('every route is declared: who may call it, and what evidence its writes leave', () => {
  const names = new Set(
    declared.map(({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  const served = new Set(
    app.routes
      .filter(({ method, path }) => method !== 'ALL' && !UNDOCUMENTED.includes(path))
      .map(({ method, path }) => `${method} ${path}`),
  );
  expect([...served].filter((name) => !names.has(name))).toEqual([]);
  expect(served.size).toBeGreaterThan(30);
});

test.each(declared.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s declares its audit',
  (_name, route) => {
    const audit: unknown = Reflect.get(route, AUDIT_EXTENSION);
    const access: unknown = Reflect.get(route, ACCESS_EXTENSION);
    expect(access).toMatch(/^(tenant|person|caller|peer|runner|operator|public)$/);
    expect(audit).toMatch(route.method === 'get' ? /^none: / : /^(none: \S|[a-z][a-z-]*(\.[a-z_-]+)+$)/);
  },
);

test.each(declared.filter((route) => route.path.startsWith('/internal/')).map((route) => [route.path, route] as const))(
  '%s is for the platform itself',
  (_path, route) => {
    expect(Reflect.get(route, ACCESS_EXTENSION)).toMatch(/^(peer|runner|operator)$/);
  },
);
