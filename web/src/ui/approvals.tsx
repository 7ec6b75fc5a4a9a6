import { PermissionText } from './permission-text.tsx';

/** Nothing is approved that was not ticked: each permission is a decision of its own. */
export function Approvals({
  legend,
  permissions,
  approved,
  onApprove,
}: {
  legend: string;
  permissions: readonly string[];
  approved: readonly string[];
  onApprove: (approved: readonly string[]) => void;
}) {
  return (
    <fieldset>
      <legend className="mb-2 text-sm">{legend}</legend>
      <div className="divide-y divide-line rounded-md bg-warn-soft">
        {permissions.map((permission) => (
          <label key={permission} className="flex gap-3 px-3.5 py-3">
            <input
              type="checkbox"
              className="check mt-1"
              checked={approved.includes(permission)}
              onChange={(event) =>
                onApprove(
                  event.target.checked ? [...approved, permission] : approved.filter((kept) => kept !== permission),
                )
              }
            />
            <PermissionText permission={permission} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}
