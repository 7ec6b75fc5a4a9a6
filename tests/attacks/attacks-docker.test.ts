import { attackSuite } from '../support/attacks/suite.ts';

attackSuite({ executor: 'docker', isolation: 'standard' });
