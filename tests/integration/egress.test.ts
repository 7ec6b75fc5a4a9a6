import { egressSuite } from '../support/egress/suite.ts';

egressSuite('docker', 'standard');
egressSuite('auto', 'standard');
egressSuite('auto', 'strict');
