import { parsePermission } from '../features/permission.ts';
import { m } from '../messages/index.ts';

/** One permission in a sentence, with what granting it means. */
export function PermissionText({ permission }: { permission: string }) {
  const { title, meaning } = sentenceOf(permission);
  return (
    <span className="block min-w-0">
      <span className="block font-medium wrap-anywhere">{title}</span>
      <span className="block text-sm text-ink-2">{meaning}</span>
    </span>
  );
}

function sentenceOf(text: string): { title: string; meaning: string } {
  const permission = parsePermission(text);
  if (permission.kind === 'egress') return m.permission.egress(permission.target);
  if (permission.kind === 'secret') return m.permission.secret(permission.name, permission.hosts);
  if (permission.kind === 'artifacts') return m.permission.artifacts;
  if (permission.kind === 'state') return m.permission.state;
  if (permission.kind === 'dataset') return m.permission.dataset(permission.name);
  return m.permission.other(permission.text);
}
