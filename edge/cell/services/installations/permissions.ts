import { ApprovalRequired } from '#contracts/errors';
import { type Manifest, permissionsOf } from '#contracts/manifest';

/** What a version wants and nobody granted, in the order the manifest names it. */
export function permissionsMissing(wanted: readonly string[], approved: readonly string[]): string[] {
  const granted = new Set(approved);
  return wanted.filter((permission) => !granted.has(permission));
}

/** @throws ApprovalRequired that lists what is missing */
export function assertApproved(manifest: Manifest, approved: readonly string[]): void {
  const missing = permissionsMissing(permissionsOf(manifest), approved);
  if (missing.length > 0) throw new ApprovalRequired(missing);
}
