import { m } from '../messages/index.ts';
import { PermissionText } from './permission-text.tsx';

/** What is approved. What the version that runs now needs can be taken back with the installation only. */
export function PermissionList({
  approved,
  needed,
  version,
  isWorking,
  onRevoke,
}: {
  approved: readonly string[];
  needed: readonly string[];
  version: string;
  isWorking: boolean;
  onRevoke: (permission: string) => void;
}) {
  return (
    <ul className="divide-y divide-line border-y border-line">
      {approved.map((permission) => (
        <li key={permission} className="flex items-center gap-4 py-2.5">
          <PermissionText permission={permission} />
          <span className="ml-auto flex-none">
            {needed.includes(permission) ? (
              <span className="tag">{m.permissions.needed(version)}</span>
            ) : (
              <button
                type="button"
                className="button button-quiet button-danger px-2"
                aria-label={m.permissions.revokeNamed(permission)}
                disabled={isWorking}
                onClick={() => onRevoke(permission)}
              >
                {m.permissions.revoke}
              </button>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
