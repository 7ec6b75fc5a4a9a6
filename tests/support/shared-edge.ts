import { inject } from 'vitest';
import { z } from 'zod';

import { Cell } from '#contracts/cells';

import { closeDatabases, type EdgeView, openDatabases } from './edge-view.ts';

const OfEachCell = z.record(Cell, z.string());
const Told = z.object({ url: z.string(), cellUrls: OfEachCell, databaseUrls: OfEachCell, dataKeys: OfEachCell });

/**
 * The edge that files share: each looks at nothing but what it has made itself, and leaves everything up and as it is. What stops, configures
 * or counts the whole of an edge starts one of its own (`startEdge`).
 */
export async function sharedEdge(): Promise<EdgeView> {
  const response = await fetch(inject('sharedEdgeDoor'));
  if (!response.ok) throw new Error(`the shared edge does not start: ${await response.text()}`);
  const { databaseUrls, ...told } = Told.parse(await response.json());
  const databases = openDatabases(databaseUrls);
  return { ...told, databases, close: () => closeDatabases(databases) };
}
