import { artifactSuite } from '../support/artifact-suite.ts';

artifactSuite('docker', 'standard');
artifactSuite('auto', 'standard');
artifactSuite('auto', 'strict');
