import type { Attack } from './attack.ts';
import { BOMBS } from './bombs.ts';
import { FORGERY } from './forgery.ts';
import { HOST } from './host.ts';
import { KERNEL } from './kernel.ts';
import { NETWORK } from './network.ts';
import { OUTLIVING } from './outliving.ts';

export const ATTACKS: readonly Attack[] = [...BOMBS, ...HOST, ...FORGERY, ...OUTLIVING, ...NETWORK, ...KERNEL];
