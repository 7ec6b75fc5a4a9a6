import { createServer } from 'node:http';

import type { TestProject } from 'vitest/node';

import { closeServer, listen, sendJson } from '#local/doors/http';

import { type Edge, startEdge } from './edge.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where files ask for the edge they share. */
    sharedEdgeDoor: string;
  }
}

/** One edge for all files of the integration project that can share it. It starts when the first of them asks: a run of others pays nothing. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Edge> | undefined;
  const server = createServer((_request, response) => {
    starting ??= startEdge();
    starting.then(
      ({ url, cellUrls, databaseUrls, dataKeys }) => sendJson(response, 200, { url, cellUrls, databaseUrls, dataKeys }),
      (error: unknown) => sendJson(response, 500, String(error)),
    );
  });
  project.provide('sharedEdgeDoor', `http://127.0.0.1:${await listen(server, 0)}`);
  return async () => {
    await closeServer(server);
    // Where it did not start, whoever asked has failed already.
    const edge = await starting?.catch(() => undefined);
    await edge?.close();
  };
}
