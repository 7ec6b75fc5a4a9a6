import { z } from 'zod';

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
} from '../api/accounts.ts';
import { operation } from '../operation.ts';

const tags = ['Accounts'];
const json = <T extends z.ZodType>(schema: T) => ({ content: { 'application/json': { schema } } });
const SessionBegun = { description: 'Signed in; the session is in a cookie', ...json(Account) };

export const signUp = operation({
  method: 'post',
  path: '/v1/auth/sign-up',
  tags,
  summary: 'Make an account in a region',
  access: 'public',
  audit: 'none: an account has no tenant yet',
  request: { body: { required: true, ...json(SignUp) } },
  responses: { 201: SessionBegun },
});

export const signIn = operation({
  method: 'post',
  path: '/v1/auth/sign-in',
  tags,
  summary: 'Begin a session',
  access: 'public',
  audit: 'session.create',
  request: { body: { required: true, ...json(SignIn) } },
  responses: { 200: SessionBegun },
});

export const signOut = operation({
  method: 'post',
  path: '/v1/auth/sign-out',
  tags,
  summary: 'End the session',
  access: 'person',
  audit: 'session.revoke',
  responses: { 204: { description: 'The session has ended' } },
});

export const startDevice = operation({
  method: 'post',
  path: '/v1/auth/device',
  tags,
  summary: 'Begin a sign-in from a device without a browser (RFC 8628)',
  access: 'public',
  audit: 'none: nobody is known yet',
  request: { body: { required: true, ...json(StartDevice) } },
  responses: { 200: { description: 'What to show, and what to poll with', ...json(StartedDevice) } },
});

export const pollDevice = operation({
  method: 'post',
  path: '/v1/auth/device/token',
  tags,
  summary: 'Ask whether the sign-in was approved (RFC 8628)',
  access: 'public',
  audit: 'session.create',
  request: { body: { required: true, ...json(PollDevice) } },
  responses: { 200: { description: 'Approved', ...json(DeviceSession) } },
});

export const decideDevice = operation({
  method: 'post',
  path: '/v1/auth/device/decision',
  tags,
  summary: 'Approve or deny a device',
  access: 'person',
  audit: 'device.decide',
  request: { body: { required: true, ...json(DecideDevice) } },
  responses: { 204: { description: 'Decided' } },
});

export const me = operation({
  method: 'get',
  path: '/v1/me',
  tags,
  summary: 'Who the credential is',
  access: 'caller',
  audit: 'none: read',
  responses: { 200: { description: 'The caller', ...json(Me) } },
});
