/** A permission text of `contracts/manifest.ts`, taken apart for showing. */
export type ParsedPermission =
  | { readonly kind: 'egress'; readonly target: string; readonly host: string; readonly isWildcard: boolean }
  /** `hosts`: the only ones it may go to; without any it may go wherever the run may. */
  | { readonly kind: 'secret'; readonly name: string; readonly hosts: readonly string[] }
  | { readonly kind: 'dataset'; readonly name: string }
  | { readonly kind: 'artifacts' }
  | { readonly kind: 'state' }
  | { readonly kind: 'other'; readonly text: string };

/** What this page does not know is shown as it is, never left out. */
export function parsePermission(text: string): ParsedPermission {
  if (text === 'artifacts' || text === 'state') return { kind: text };
  if (text.startsWith('dataset:')) return { kind: 'dataset', name: text.slice('dataset:'.length) };
  const secret = /^secret:([^@]+)(?:@(.+))?$/.exec(text);
  if (secret?.[1]) return { kind: 'secret', name: secret[1], hosts: secret[2]?.split(',') ?? [] };
  const egress = /^egress:((.+):\d+)$/.exec(text);
  if (!egress?.[1] || !egress[2]) return { kind: 'other', text };
  return { kind: 'egress', target: egress[1], host: egress[2], isWildcard: egress[2].startsWith('*.') };
}
