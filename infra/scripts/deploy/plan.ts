import type { Target } from './targets.ts';

export type Step =
  | { readonly kind: 'migrate'; readonly target: Target }
  /** Makes a Worker that does not exist yet, not bound to the others. */
  | { readonly kind: 'bootstrap'; readonly target: Target }
  | { readonly kind: 'deploy'; readonly target: Target }
  /** Nothing can be bound to a Worker that lacks its secrets: the rest is another deployment. */
  | { readonly kind: 'ask-for-secrets'; readonly targets: readonly Target[] };

export interface Situation {
  /** In the order in which they are deployed. */
  readonly targets: readonly Target[];
  /** Workers that do not exist yet. */
  readonly missing: readonly Target[];
  readonly skipsMigrations: boolean;
}

/** What a deployment does, in order: the stores before the code that needs them, every cell before the router. */
export function planOf({ targets, missing, skipsMigrations }: Situation): readonly Step[] {
  const migrations = skipsMigrations ? [] : targets.filter(({ cell }) => cell !== undefined);
  return [
    ...migrations.map((target) => ({ kind: 'migrate', target }) as const),
    ...(missing.length > 0
      ? [
          ...missing.map((target) => ({ kind: 'bootstrap', target }) as const),
          { kind: 'ask-for-secrets', targets: missing } as const,
        ]
      : targets.map((target) => ({ kind: 'deploy', target }) as const)),
  ];
}
