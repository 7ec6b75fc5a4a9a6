/** The Worker under test: the objects as a cell hosts them, and doubles of the two neighbours they speak to. */
export { Directory } from '#durable-objects/directory/directory';
export { AuditLog, Fleet, Run, UsageMeter } from '#durable-objects/index';

export { CellInternal, FakeDatabase } from './support/fake-database.ts';
export { FakeRunner, RunnerDoor } from './support/fake-runner.ts';

export default {
  fetch: () => new Response('only objects live here', { status: 404 }),
} satisfies ExportedHandler;
