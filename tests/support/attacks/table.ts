import { ISOLATION_CLASSES } from '#contracts/isolation';

import { publishSection } from '../publish-section.ts';
import { type Attack, FAMILIES, verdictOf } from './attack.ts';
import { ATTACKS } from './index.ts';

/** The page and the section that say what each attack gets. */
export const PAGE = 'docs/sandbox.md';
export const SECTION = 'attacks';

/** The attacks as Markdown, a table for each family. */
export function attackTables(): string {
  return FAMILIES.map((family) => {
    const rows = ATTACKS.filter((attack) => attack.family === family).map(
      (attack) => `| ${[attack.name, ...ISOLATION_CLASSES.map((name) => cell(attack, name))].join(' | ')} |`,
    );
    const title = `### To ${family}`;
    return [title, '', `| attack | ${ISOLATION_CLASSES.join(' | ')} |`, '|---|---|---|', ...rows].join('\n');
  }).join('\n\n');
}

function cell(attack: Attack, isolation: (typeof ISOLATION_CLASSES)[number]): string {
  const { state, cause, means } = verdictOf(attack, isolation);
  return state === 'succeeded' ? means : `\`${state}\`, \`${cause}\`: ${means}`;
}

if (import.meta.main) publishSection(PAGE, SECTION, attackTables());
