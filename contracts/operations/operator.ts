import { PublisherPath, PublisherVerification, SetPublisherVerified } from '../api/publishers.ts';
import { operation } from '../operation.ts';

export const setVerified = operation({
  method: 'put',
  path: '/internal/v1/publishers/{handle}/verification',
  tags: ['Operators'],
  summary: 'Verify a publisher, or take that back, over mutual TLS',
  access: 'operator',
  audit: 'publisher.set-verified',
  request: {
    params: PublisherPath,
    body: { required: true, content: { 'application/json': { schema: SetPublisherVerified } } },
  },
  responses: {
    200: { description: 'As it is now', content: { 'application/json': { schema: PublisherVerification } } },
  },
});
