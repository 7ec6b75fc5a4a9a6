import type { Member } from '#contracts/api/tenants';
import { Role } from '#contracts/permissions';

import { day } from '../messages/format.ts';
import { m } from '../messages/index.ts';

interface Actions {
  readonly onChange: (member: Member, role: Role) => void;
  readonly onRemove: (member: Member) => void;
}

export function MemberTable({
  members,
  self,
  isWorking,
  mayChange,
  ...actions
}: {
  members: readonly Member[];
  self: string | undefined;
  isWorking: boolean;
  /** Without it one can only leave. */
  mayChange: boolean;
} & Actions) {
  const { member: memberTitle, role, since } = m.members.columns;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{memberTitle}</th>
          <th scope="col">{role}</th>
          <th scope="col" className="hidden sm:table-cell">
            {since}
          </th>
          <th scope="col">
            <span className="sr-only">{m.members.remove}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {members.map((member) => (
          <tr key={member.id}>
            <td>
              <span className="block font-medium wrap-anywhere">
                {member.name} {member.userId === self && <span className="tag">{m.members.you}</span>}
              </span>
              <span className="text-xs wrap-anywhere text-ink-3">{member.email}</span>
            </td>
            <td>
              <RoleSelect member={member} isDisabled={isWorking || !mayChange} onChange={actions.onChange} />
            </td>
            <td className="hidden whitespace-nowrap text-ink-2 sm:table-cell">{day(member.createdAt)}</td>
            <td className="number">
              <button
                type="button"
                className="button button-quiet button-danger px-2"
                aria-label={m.members.removeNamed(member.name)}
                disabled={!mayChange && member.userId !== self}
                onClick={() => actions.onRemove(member)}
              >
                {m.members.remove}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RoleSelect({
  member,
  isDisabled,
  onChange,
}: {
  member: Member;
  isDisabled: boolean;
  onChange: Actions['onChange'];
}) {
  return (
    <select
      aria-label={m.members.roleOf(member.name)}
      className="field w-auto text-sm"
      disabled={isDisabled}
      value={member.role}
      onChange={({ target }) => {
        const role = Role.options.find((each) => each === target.value);
        if (role) onChange(member, role);
      }}
    >
      {Role.options.map((role) => (
        <option key={role} value={role}>
          {m.members.roles[role].title}
        </option>
      ))}
    </select>
  );
}
