import '@cloudflare/vitest-plugin/types';
import type { Directory } from '#durable-objects/directory/directory';
import type { AuditLog, Fleet, Run, UsageMeter } from '#durable-objects/index';

import type { FakeDatabase } from './support/fake-database.ts';
import type { FakeRunner } from './support/fake-runner.ts';

declare global {
  namespace Cloudflare {
    interface Env {
      readonly CELL: string;
      readonly TRUST_BUNDLE: string;
      readonly TEST_CA: string;
      readonly STRANGER_CA: string;
      readonly AUDIT_PUBLIC_KEY: string;
      readonly DATA_KEYS: string;
      readonly RUN: DurableObjectNamespace<Run>;
      readonly USAGE_METER: DurableObjectNamespace<UsageMeter>;
      readonly AUDIT_LOG: DurableObjectNamespace<AuditLog>;
      readonly FLEET: DurableObjectNamespace<Fleet>;
      readonly DIRECTORY: DurableObjectNamespace<Directory>;
      readonly FAKE_RUNNER: DurableObjectNamespace<FakeRunner>;
      readonly FAKE_DATABASE: DurableObjectNamespace<FakeDatabase>;
      readonly BLOBS: R2Bucket;
    }
  }
}
