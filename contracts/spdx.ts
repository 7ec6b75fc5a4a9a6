import parse from 'spdx-expression-parse';
import { z } from 'zod';

/** An SPDX license expression (SPDX 2.3, annex D): known ids, or `LicenseRef-…` for terms of one's own. */
export const SpdxExpression = z
  .string()
  .min(1)
  .max(100)
  .refine(isExpression, 'expected an SPDX license expression such as MIT, Apache-2.0 OR MIT, or LicenseRef-Acme')
  .describe('SPDX license expression');

function isExpression(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
