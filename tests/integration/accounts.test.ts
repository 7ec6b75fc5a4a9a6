import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Edge, startEdge } from '#support/edge';
import { ask, bearer, cookieOf, newEmail, newHandle, PASSWORD, Person, refusalOf } from '#support/people';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => {
  await edge.close();
});

describe('an account', () => {
  test('is made in the region its owner chooses, and answers from there', async () => {
    const person = await Person.signUp(edge.url, 'eu-west-1');
    const me = await person.ask('/v1/me');
    expect(me.status).toBe(200);
    expect(me.body).toMatchObject({ account: { email: person.email, region: 'eu-west-1' }, tenants: [] });
    expect(me.headers.get('soma-cell')).toBe('eu-west-1');
    expect(me.headers.get('soma-zone')).toBe('eu');
    expect(me.headers.get('soma-served-because')).toBe('cookie');
  });
});
