import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';

import { newWebhookSecret, signatureHeaders } from './sign.ts';

const body = JSON.stringify({ type: 'ping', data: { text: 'ünïcode \u0000' } });

test('a message verifies with the reference library, under each of the secrets in force and no other', async () => {
  const secrets = [newWebhookSecret(), newWebhookSecret()];
  const message = { id: 'dlv_1', timestampS: Math.floor(Date.now() / 1_000), body };
  const headers = await signatureHeaders(message, secrets);
  for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow('No matching signature');
  expect(() => new Webhook(secrets[0] ?? '').verify(`${body} `, headers)).toThrow('No matching signature');
});

test('the example of the specification', async () => {
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampS: 1614265330, body: '{"test": 2432232314}' };
  const headers = await signatureHeaders(message, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']);
  expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});
