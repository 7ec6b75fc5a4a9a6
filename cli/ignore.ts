/**
 * `.capsuleignore`: the patterns of .gitignore that people use. `*` and `?` within a name, `**` across folders, a leading or
 * inner `/` anchors at the root, a trailing `/` means folders only, `!` takes back; the last match wins.
 */
const ALWAYS = [
  '.git/',
  '.capsuleignore',
  '.DS_Store',
  'node_modules/',
  '__pycache__/',
  '*.pyc',
  '*.sigstore.json',
  '*.capsule.tar',
];

interface Rule {
  readonly pattern: RegExp;
  readonly isFolderOnly: boolean;
  readonly isTakenBack: boolean;
}

/** Whether a path, relative and with `/`, stays out of the bundle. A folder that is ignored is not looked into. */
export function ignoring(text: string): (path: string, isFolder: boolean) => boolean {
  const rules = [...ALWAYS, ...text.split(/\r?\n/)].flatMap((line) => ruleOf(line) ?? []);
  return (path, isFolder) =>
    rules.findLast((rule) => (isFolder || !rule.isFolderOnly) && rule.pattern.test(path))?.isTakenBack === false;
}

function ruleOf(line: string): Rule | undefined {
  let glob = line.trimEnd();
  if (glob === '' || glob.startsWith('#')) return undefined;
  const isTakenBack = glob.startsWith('!');
  if (isTakenBack) glob = glob.slice(1);
  const isFolderOnly = glob.endsWith('/');
  if (isFolderOnly) glob = glob.slice(0, -1);
  const isAnchored = glob.includes('/');
  return {
    pattern: new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${sourceOf(glob.replace(/^\//, ''))}$`),
    isFolderOnly,
    isTakenBack,
  };
}

function sourceOf(glob: string): string {
  return glob.replaceAll(/\*\*\/|\/\*\*$|\*\*|\*|\?|[^*?]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '/**') return '/.*';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replace(/[.+^${}()|[\]\\]/, String.raw`\$&`);
  });
}
