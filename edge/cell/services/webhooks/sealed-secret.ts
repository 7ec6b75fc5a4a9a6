import type { WebhookId } from '#contracts/ids';
import { importDataKeys, openText, type SealedText, sealText } from '#contracts/sealed-text';

import type { CellEnv } from '../../env.ts';

/** A webhook's secret at rest, bound to its webhook. */
export async function sealSecret({ DATA_KEYS }: CellEnv, id: WebhookId, secret: string): Promise<SealedText> {
  return sealText(await importDataKeys(DATA_KEYS), contextOf(id), secret);
}

export async function openSecret({ DATA_KEYS }: CellEnv, id: WebhookId, sealed: SealedText): Promise<string> {
  return openText(await importDataKeys(DATA_KEYS), contextOf(id), sealed);
}

function contextOf(id: WebhookId): string {
  return `webhook|${id}`;
}
