import { z } from 'zod';

import { Cell } from '../cells.ts';
import { idOf } from '../ids.ts';
import { Permission } from '../permissions.ts';
import { Email } from './email.ts';
import { textLine } from './paging.ts';
import { TenantMembership } from './tenants.ts';

const Password = z.string().min(10).max(128);

export const SignUp = z.strictObject({
  email: Email,
  password: Password,
  name: textLine(80).min(1),
  region: Cell.describe('Where the account and its tenants live'),
});
export type SignUp = z.infer<typeof SignUp>;

export const SignIn = z.strictObject({ email: Email, password: z.string().min(1).max(128) });
export type SignIn = z.infer<typeof SignIn>;

export const Account = z
  .object({ id: idOf('usr'), email: z.string(), name: z.string(), region: Cell })
  .meta({ id: 'Account' });
export type Account = z.infer<typeof Account>;

/** Who the credential is: a person, or a key or token that acts for one tenant. */
export const Me = z
  .object({
    account: Account.nullable(),
    tenants: z.array(TenantMembership),
    permissions: z.array(Permission).describe('Of a key or token; those of a person depend on the tenant it acts for'),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

/** RFC 8628 §3.1, and where the account lives: by its e-mail address or by its region. */
export const StartDevice = z
  .strictObject({
    client_id: z.literal('soma-cli'),
    email: Email.optional(),
    region: Cell.optional(),
  })
  .refine((start) => start.email !== undefined || start.region !== undefined, 'expected email or region');
export type StartDevice = z.infer<typeof StartDevice>;

export const StartedDevice = z
  .object({
    device_code: z.string(),
    user_code: z.string(),
    verification_uri: z.string(),
    verification_uri_complete: z.string(),
    expires_in: z.int(),
    interval: z.int(),
  })
  .meta({ id: 'StartedDevice' });
export type StartedDevice = z.infer<typeof StartedDevice>;

/** `soma_dev_<cell code>_…`: the router finds the cell in it. */
export const DeviceCode = z.string().regex(/^soma_dev_[a-z0-9]{4}_[A-Za-z0-9_-]{43}$/);

export const PollDevice = z.strictObject({
  grant_type: z.literal('urn:ietf:params:oauth:grant-type:device_code'),
  device_code: DeviceCode,
  client_id: z.literal('soma-cli'),
});
export type PollDevice = z.infer<typeof PollDevice>;

export const DeviceSession = z
  .object({ access_token: z.string(), token_type: z.literal('Bearer'), expires_in: z.int() })
  .meta({ id: 'DeviceSession' });
export type DeviceSession = z.infer<typeof DeviceSession>;

/** As a person types it: letters and digits, and the hyphen or blank that makes it easier to read. */
const UserCode = z.string().regex(/^[A-Za-z0-9 -]{4,32}$/);

export const DecideDevice = z.strictObject({ user_code: UserCode, approve: z.boolean() });
export type DecideDevice = z.infer<typeof DecideDevice>;

/** A short-lived access token: ES256, verified anywhere against `/.well-known/jwks.json`. */
export const AccessToken = z.object({ token: z.string(), expiresAt: z.iso.datetime() }).meta({ id: 'AccessToken' });
export type AccessToken = z.infer<typeof AccessToken>;
