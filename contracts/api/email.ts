import { z } from 'zod';

/** Addresses are compared and hashed in lower case. */
export const Email = z
  .email()
  .max(254)
  .transform((text) => text.toLowerCase());
