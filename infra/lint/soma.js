import { layers } from './rules/layers.js';
import { verbHasBeats } from './rules/verb-has-beats.js';

/** Rules of this house that no general linter knows. */
export default { meta: { name: 'soma' }, rules: { layers, 'verb-has-beats': verbHasBeats } };
