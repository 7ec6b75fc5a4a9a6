import { readFileSync, writeFileSync } from 'node:fs';

/** What stands between `<!-- name -->` and `<!-- /name -->` of a page. */
export function readSection(page: string, name: string): string {
  const found = sectionOf(name).exec(readFileSync(page, 'utf8'))?.[2];
  if (found === undefined) throw new Error(`${page} has no section ${name}`);
  return found.trimEnd();
}

/** Replaces it. */
export function publishSection(page: string, name: string, body: string): void {
  const text = readFileSync(page, 'utf8');
  if (!sectionOf(name).test(text)) throw new Error(`${page} has no section ${name}`);
  writeFileSync(
    page,
    text.replace(sectionOf(name), (_, open: string, _old: string, close: string) => `${open}${body}\n${close}`),
  );
}

function sectionOf(name: string): RegExp {
  return new RegExp(`(<!-- ${name} -->\n)([\\s\\S]*?)(<!-- /${name} -->)`);
}
