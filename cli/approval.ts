import { CAPSULE_PERMISSION_FORMS, isCapsulePermission } from '#contracts/capsule-permission';

import { type Context, isInteractive } from './context.ts';
import { Failure, Refused, UsageError } from './failure.ts';
import { note } from './output.ts';

export interface Asker {
  readonly capsule: string;
  /** Permissions that this command takes back: it does not ask for them again. */
  readonly revoked?: readonly string[];
}

/** What no capsule can ask for would be granted to nobody's use. @throws UsageError that says what may be approved */
export function assertPermissions(approve: readonly string[]): void {
  const stranger = approve.find((permission) => !isCapsulePermission(permission));
  if (stranger === undefined) return;
  throw new UsageError(`${stranger} is no permission; what may be approved is ${CAPSULE_PERMISSION_FORMS.join(', ')}`);
}

/** Sends without more than was granted before; what the platform says is missing is shown, loudly, and granted only by a yes. */
export async function withApproval<T>(
  context: Context,
  { capsule, revoked = [] }: Asker,
  send: (granted: readonly string[]) => Promise<T>,
): Promise<T> {
  try {
    return await send([]);
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'approval_required') throw error;
    const missing = missingOf(error);
    const kept = missing.filter((permission) => revoked.includes(permission));
    if (kept.length > 0) {
      throw new Failure(
        `nothing was changed: the version that this range means needs ${kept.join(', ')}. Choose another --range, or soma uninstall ${capsule}`,
        { cause: error },
      );
    }
    note(
      context.process,
      `\n  ${capsule} WANTS TO TOUCH\n${missing.map((permission) => `    ● ${describePermission(permission)}`).join('\n')}\n`,
    );
    if (!isInteractive(context)) {
      const approvals = missing.map((permission) => `--approve '${permission}'`).join(' ');
      throw new Failure(`nothing was changed. To grant it, say it again with\n  ${approvals}`, { cause: error });
    }
    const { confirm } = await import('@clack/prompts');
    if ((await confirm({ message: 'Grant all of this?', initialValue: false, output: process.stderr })) !== true) {
      throw new Failure('nothing was changed', { cause: error });
    }
    return send(missing);
  }
}

function missingOf(refused: Refused): string[] {
  const { missing } = refused.problem;
  return Array.isArray(missing) ? missing.map(String) : [];
}

function describePermission(permission: string): string {
  const [kind, rest = ''] = permission.split(/:(.*)/s);
  if (kind === 'egress') return `the network: ${rest}`;
  if (kind === 'secret') {
    const [name = '', hosts] = rest.split('@');
    return `your secret ${name}, to send to ${hosts?.replaceAll(',', ', ').concat(' only') ?? 'any host it may reach'}`;
  }
  if (kind === 'dataset') return `rows for the data set ${rest}, kept in your region`;
  if (kind === 'state') return 'state: what one run notes down and the next one reads';
  return kind === 'artifacts' ? 'artifacts: files it hands back' : permission;
}
