import { CircleQuestionMark, Database, Globe, HardDrive, KeyRound, Lock, type LucideIcon, Table2 } from 'lucide-react';

import { parsePermission } from '../features/permission.ts';
import { m } from '../messages/index.ts';

/** Says in a word what a capsule may touch; reaching hosts nobody has named is the one that is coloured. */
export function PermissionTags({ permissions }: { permissions: readonly string[] }) {
  if (permissions.length === 0)
    return (
      <span className="tag tag-accent">
        <Lock aria-hidden className="size-3" />
        {m.capsule.noPermissions}
      </span>
    );
  return permissions.map((text) => <PermissionTag key={text} text={text} />);
}

function PermissionTag({ text }: { text: string }) {
  const { Icon, label, isOpen } = appearanceOf(text);
  return (
    <span className={isOpen ? 'tag tag-warn' : 'tag'} title={label}>
      <Icon aria-hidden className="size-3" />
      <span className="truncate">{label}</span>
    </span>
  );
}

function appearanceOf(text: string): { Icon: LucideIcon; label: string; isOpen: boolean } {
  const permission = parsePermission(text);
  if (permission.kind === 'secret') return { Icon: KeyRound, label: permission.name, isOpen: false };
  if (permission.kind === 'artifacts') return { Icon: HardDrive, label: m.capsule.artifacts, isOpen: false };
  if (permission.kind === 'state') return { Icon: Database, label: m.capsule.state, isOpen: false };
  if (permission.kind === 'dataset') return { Icon: Table2, label: permission.name, isOpen: false };
  if (permission.kind === 'other') return { Icon: CircleQuestionMark, label: text, isOpen: true };
  const { host, isWildcard } = permission;
  return { Icon: Globe, label: isWildcard ? m.capsule.anyHostOf(host.slice(2)) : host, isOpen: isWildcard };
}
