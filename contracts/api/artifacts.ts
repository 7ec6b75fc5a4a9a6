import { z } from 'zod';

import { RunArtifact } from '../artifact.ts';
import { Cell } from '../cells.ts';

/** A file of a run and, where it is stored, the way to its bytes. */
export const ArtifactLink = RunArtifact.extend({
  url: z
    .url()
    .nullable()
    .describe('Needs no credential and works for a few minutes; null where the file is not stored'),
}).meta({ id: 'Artifact' });
export type ArtifactLink = z.infer<typeof ArtifactLink>;

export const ArtifactList = z.object({
  items: z.array(ArtifactLink),
  urlsExpireAt: z.iso.datetime(),
});
export type ArtifactList = z.infer<typeof ArtifactList>;

/** The cell stands in the path, so that the router needs no credential to know where it leads. */
export const DownloadPath = z.object({ cell: Cell, token: z.string().max(2_000) });
export const DOWNLOAD_PREFIX = '/v1/downloads/';
