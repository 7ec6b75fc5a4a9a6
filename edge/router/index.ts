export { Directory } from '#durable-objects/directory/directory';
export default { fetch: () => new Response('router') };
