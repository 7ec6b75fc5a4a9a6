import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';

import {
  Account,
  DecideDevice,
  DeviceSession,
  Me,
  PollDevice,
  SignIn,
  SignUp,
  StartDevice,
  StartedDevice,
} from '#contracts/api/accounts';

import { route, router } from '../openapi.ts';
import { decideDevice, pollDevice, startDevice } from '../services/accounts/device.ts';
import { me } from '../services/accounts/me.ts';
import { signIn } from '../services/accounts/sign-in.ts';
import { signOut } from '../services/accounts/sign-out.ts';
import { type SignedIn, signUp } from '../services/accounts/sign-up.ts';

const tags = ['Accounts'];
const json = <T extends z.ZodType>(schema: T) => ({ content: { 'application/json': { schema } } });
const SessionBegun = { description: 'Signed in; the session is in a cookie', ...json(Account) };

const signUpRoute = route({
  method: 'post',
  path: '/v1/auth/sign-up',
  tags,
  summary: 'Make an account in a region',
  access: 'public',
  audit: 'none: an account has no tenant yet',
  request: { body: { required: true, ...json(SignUp) } },
  responses: { 201: SessionBegun },
});

const signInRoute = route({
  method: 'post',
  path: '/v1/auth/sign-in',
  tags,
  summary: 'Begin a session',
  access: 'public',
  audit: 'session.create',
  request: { body: { required: true, ...json(SignIn) } },
  responses: { 200: SessionBegun },
});

const signOutRoute = route({
  method: 'post',
  path: '/v1/auth/sign-out',
  tags,
  summary: 'End the session',
  access: 'person',
  audit: 'session.revoke',
  responses: { 204: { description: 'The session has ended' } },
});

const startDeviceRoute = route({
  method: 'post',
  path: '/v1/auth/device',
  tags,
  summary: 'Begin a sign-in from a device without a browser (RFC 8628)',
  access: 'public',
  audit: 'none: nobody is known yet',
  request: { body: { required: true, ...json(StartDevice) } },
  responses: { 200: { description: 'What to show, and what to poll with', ...json(StartedDevice) } },
});

const pollDeviceRoute = route({
  method: 'post',
  path: '/v1/auth/device/token',
  tags,
  summary: 'Ask whether the sign-in was approved (RFC 8628)',
  access: 'public',
  audit: 'session.create',
  request: { body: { required: true, ...json(PollDevice) } },
  responses: { 200: { description: 'Approved', ...json(DeviceSession) } },
});

const decideDeviceRoute = route({
  method: 'post',
  path: '/v1/auth/device/decision',
  tags,
  summary: 'Approve or deny a device',
  access: 'person',
  audit: 'device.approve',
  request: { body: { required: true, ...json(DecideDevice) } },
  responses: { 204: { description: 'Decided' } },
});

const meRoute = route({
  method: 'get',
  path: '/v1/me',
  tags,
  summary: 'Who the credential is',
  access: 'caller',
  audit: 'none: read',
  responses: { 200: { description: 'The caller', ...json(Me) } },
});

function giveCookies(c: Context, { setCookies }: Pick<SignedIn, 'setCookies'>): void {
  for (const cookie of setCookies) c.header('set-cookie', cookie, { append: true });
}

export const auth = router()
  .openapi(signUpRoute, async (c) => {
    const signedIn = await signUp(c.var.platform, c.req.valid('json'));
    giveCookies(c, signedIn);
    return c.json(signedIn.account, 201);
  })
  .openapi(signInRoute, async (c) => {
    const signedIn = await signIn(c.var.platform, c.req.valid('json'));
    giveCookies(c, signedIn);
    return c.json(signedIn.account, 200);
  })
  .openapi(signOutRoute, async (c) => {
    giveCookies(c, await signOut(c.var.person));
    return c.body(null, 204);
  })
  .openapi(startDeviceRoute, async (c) => c.json(await startDevice(c.var.platform, c.req.valid('json')), 200))
  .openapi(pollDeviceRoute, async (c) => c.json(await pollDevice(c.var.platform, c.req.valid('json')), 200))
  .openapi(decideDeviceRoute, async (c) => {
    await decideDevice(c.var.person, c.req.valid('json'));
    return c.body(null, 204);
  })
  .openapi(meRoute, async (c) => c.json(await me(c.var.caller), 200));
