import { dirname, posix, relative, sep } from 'node:path';

/**
 * Who may know whom: docs/architecture.md, as a table. A file belongs to the room with the longest path that it lies in, and may import from
 * its own room and from those that are named.
 */
const CELL_BASE = ['edge/cell/context.ts', 'edge/cell/env.ts', 'edge/cell/objects.ts'];
export const ROOMS = {
  contracts: { may: [] },
  db: { may: ['contracts', 'db/clickhouse'] },
  'db/clickhouse': { may: ['contracts'] },
  'durable-objects': { may: ['contracts', 'db/clickhouse'] },
  'edge/router': { may: ['contracts', 'durable-objects'] },
  'edge/cell': { may: ['contracts', 'db', 'db/clickhouse', 'durable-objects', 'edge/cell/'] },
  // A client proves that it is this cell that calls.
  'edge/cell/clients': {
    may: ['contracts', 'db', 'db/clickhouse', 'edge/cell/services/tokens/cell-token.ts', ...CELL_BASE],
  },
  'edge/cell/services': { may: ['contracts', 'db', 'db/clickhouse', 'edge/cell/clients', ...CELL_BASE] },
  'edge/cell/middleware': { may: ['contracts', 'edge/cell/services', 'edge/cell/problem.ts', ...CELL_BASE] },
  'edge/cell/routes': {
    may: ['contracts', 'edge/cell/services', 'edge/cell/middleware', 'edge/cell/openapi.ts', ...CELL_BASE],
  },
  'runner-fleet': { may: ['contracts'] },
  web: { may: ['contracts'] },
  cli: { may: ['contracts'] },
  capsules: { may: ['contracts'] },
  'infra/lint': { may: [] },
  'infra/local': { may: ['/'] },
  'infra/scripts': { may: ['contracts', 'db', 'db/clickhouse', 'infra/local'] },
  tests: { may: ['/'] },
};

const ALIASES = {
  '#contracts/': 'contracts/',
  '#db/': 'db/',
  '#durable-objects/': 'durable-objects/',
  '#router/': 'edge/router/',
  '#cell/': 'edge/cell/',
  '#runner/': 'runner-fleet/',
  '#local/': 'infra/local/',
  '#cli/': 'cli/',
  '#capsules/': 'capsules/',
  '#support/': 'tests/support/',
};

/** Stores and vendors are reached through a verb. */
const NO_STORE = ['edge/cell/routes', 'edge/cell/middleware', 'edge/router', 'web', 'cli'];
const STORES = /^(drizzle-orm|@neondatabase\/|@clickhouse\/|@upstash\/|stripe$|pg$)/;

export const layers = {
  meta: {
    type: 'problem',
    docs: { description: 'A room imports only what the table of docs/architecture.md lets it know.' },
    messages: {
      forbidden: '{{room}} may not know {{target}}.',
      relative: 'Cross from one folder at the root to another by its alias (#contracts/…).',
      store: '{{room}} reaches stores and vendors through a verb, not through {{target}}.',
    },
    schema: [],
  },
  create(context) {
    const file = relative(context.cwd, context.filename).split(sep).join('/');
    const room = roomOf(file);
    if (!room) return {};
    const judge = (node) => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string') return;
      const fault = faultOf({ file, room, specifier });
      if (fault) context.report({ node: node.source, ...fault });
    };
    return {
      ImportDeclaration: judge,
      ExportNamedDeclaration: judge,
      ExportAllDeclaration: judge,
      ImportExpression: judge,
    };
  },
};

function faultOf({ file, room, specifier }) {
  if (STORES.test(specifier) && NO_STORE.includes(room)) {
    return { messageId: 'store', data: { room, target: specifier } };
  }
  const target = pathOf(file, specifier);
  if (target === undefined) return undefined;
  // What lies at the root is nobody's.
  if (!target.includes('/')) return undefined;
  if (specifier.startsWith('.') && rootOf(target) !== rootOf(file)) return { messageId: 'relative' };
  if (mayKnow(file, room, target)) return undefined;
  return { messageId: 'forbidden', data: { room, target } };
}

function mayKnow(file, room, target) {
  const isOwn = roomOf(target) === room;
  // What a test is made of is shared by all rooms.
  const isSupport = /\.test\.tsx?$/.test(file) && target.startsWith('tests/support/');
  return isOwn || isSupport || ROOMS[room].may.some((known) => covers(known, target));
}

/** `/` is everything; `a/b/` is a room and all rooms in it; `a/b` is that room; `a/b.ts` is one file. */
function covers(known, target) {
  if (known === '/') return true;
  if (known.endsWith('/') || known.endsWith('.ts')) return target.startsWith(known);
  return roomOf(target) === known;
}

function roomOf(path) {
  return Object.keys(ROOMS)
    .filter((name) => path.startsWith(`${name}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** From the root of the repository; undefined for a package. */
function pathOf(file, specifier) {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(file), specifier));
  const alias = Object.keys(ALIASES).find((name) => specifier.startsWith(name));
  return alias === undefined ? undefined : `${ALIASES[alias]}${specifier.slice(alias.length)}.ts`;
}

function rootOf(path) {
  return path.split('/')[0];
}
