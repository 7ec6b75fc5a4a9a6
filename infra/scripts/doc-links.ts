import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

/** Every relative link and anchor in a tracked Markdown file leads somewhere; a path in backticks that looks like ours exists. */

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

const parse = (file: string): Nodes =>
  fromMarkdown(readFileSync(file, 'utf8'), { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });

function* walk(node: Nodes): Generator<Nodes> {
  yield node;
  if ('children' in node) for (const child of node.children) yield* walk(child);
}

const textOf = (node: Nodes): string =>
  'value' in node ? node.value : 'children' in node ? node.children.map(textOf).join('') : '';

/** GitHub's anchors: lower case, punctuation dropped, spaces to dashes. */
function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>();
  for (const node of walk(parse(file)))
    if (node.type === 'heading')
      anchors.add(
        textOf(node)
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, '')
          .trim()
          .replace(/\s/g, '-'),
      );
  return anchors;
}

const OUR_PATH = /^(edge|durable-objects|runner-fleet|db|web|infra|tests|contracts|capsules|cli|docs)\/[\w./-]*[\w/]$/;

const broken: string[] = [];
for (const file of files)
  for (const node of walk(parse(file))) {
    if (node.type === 'inlineCode' && OUR_PATH.test(node.value) && !existsSync(node.value))
      broken.push(`${file}: \`${node.value}\` does not exist`);
    if (node.type !== 'link' || /^[a-z]+:/.test(node.url)) continue;
    const [target = '', anchor] = node.url.split('#');
    const resolved = target === '' ? file : path.join(path.dirname(file), target);
    if (!existsSync(resolved)) broken.push(`${file}: ${node.url} does not exist`);
    else if (anchor && resolved.endsWith('.md') && !anchorsOf(resolved).has(anchor))
      broken.push(`${file}: ${node.url} has no such heading`);
  }

for (const line of broken) console.log(line);
if (broken.length > 0) process.exitCode = 1;
