import type { JWTPayload } from 'jose';

import type { Platform } from '../../context.ts';
import { accounts } from '../accounts/auth.ts';

/** Signs with the cell's current ES256 key, making one where there is none or the last has expired. */
export async function signClaims(platform: Platform, payload: JWTPayload): Promise<string> {
  const { token } = await accounts(platform, platform.db).api.signJWT({ body: { payload } });
  return token;
}
