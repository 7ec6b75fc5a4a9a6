import type { Attack } from './attack.ts';
import { BOMBS } from './bombs.ts';
import { FORGERY } from './forgery.ts';
import { HOST } from './host.ts';
import { KERNEL } from './kernel.ts';
import { NEIGHBOURS } from './neighbours.ts';
import { NETWORK } from './network.ts';
import { OUTLIVING } from './outliving.ts';

export const ATTACKS: readonly Attack[] = [
  ...BOMBS,
  ...HOST,
  ...NEIGHBOURS,
  ...FORGERY,
  ...OUTLIVING,
  ...NETWORK,
  ...KERNEL,
];
