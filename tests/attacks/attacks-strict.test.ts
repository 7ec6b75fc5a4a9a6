import { attackSuite } from '../support/attacks/suite.ts';

attackSuite({ executor: 'oci', isolation: 'strict' });
