import GithubSlugger from 'github-slugger';
import type { Nodes, Root } from 'hast';
import { raw } from 'hast-util-raw';
import { defaultSchema, sanitize, type Schema } from 'hast-util-sanitize';
import { toHtml } from 'hast-util-to-html';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toHast } from 'mdast-util-to-hast';
import { toString } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import { visit } from 'unist-util-visit';

export interface Heading {
  readonly depth: number;
  readonly text: string;
  readonly id: string;
}

export interface Rendered {
  readonly html: string;
  readonly title: string | null;
  readonly words: number;
  readonly contents: readonly Heading[];
  readonly links: readonly string[];
  readonly removed: readonly { readonly what: string; readonly count: number }[];
}

export const DEFAULT_ID_PREFIX = 'user-content-';

/**
 * CommonMark 0.31 with GFM to HTML. HTML in the document is parsed as a browser would and then reduced to GitHub's allow-list:
 * no script, no style, no handler attribute, no URL scheme that runs code, no id without the prefix.
 */
export function render(markdown: string, idPrefix: string = DEFAULT_ID_PREFIX): Rendered {
  const document = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  // The sanitizer adds the prefix to every id; the footnotes' own must not get it twice.
  const parsed = asRoot(raw(toHast(document, { allowDangerousHtml: true, clobberPrefix: '' })));
  const contents = nameHeadings(parsed, idPrefix);

  const schema: Schema = { ...defaultSchema, clobberPrefix: idPrefix };
  const safe = asRoot(sanitize(parsed, schema));
  const removed = difference(census(parsed), census(safe));
  const links = finishLinks(safe, idPrefix);

  return {
    html: toHtml(safe),
    title: contents[0]?.text ?? null,
    words: toString(document).match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu)?.length ?? 0,
    contents,
    links,
    removed,
  };
}

/** Gives every heading GitHub's id, unless its author has written one. The ids returned carry the prefix the sanitizer adds. */
function nameHeadings(tree: Root, idPrefix: string): Heading[] {
  const slugger = new GithubSlugger();
  const headings: Heading[] = [];
  visit(tree, 'element', (element) => {
    const depth = /^h([1-6])$/.exec(element.tagName)?.[1];
    if (depth === undefined || element.properties['className'] !== undefined) return;
    const text = textOf(element).trim();
    const given = element.properties['id'];
    const id = typeof given === 'string' ? given : slugger.slug(text);
    element.properties['id'] = id;
    headings.push({ depth: Number(depth), text, id: idPrefix + id });
  });
  return headings;
}

/** Points fragment links at the prefixed ids, marks links that leave the page, and lists those. */
function finishLinks(tree: Root, idPrefix: string): string[] {
  const links = new Set<string>();
  visit(tree, 'element', (element) => {
    const href = element.properties['href'];
    if (element.tagName !== 'a' || typeof href !== 'string') return;
    if (href.startsWith('#')) {
      if (!href.startsWith(`#${idPrefix}`)) element.properties['href'] = `#${idPrefix}${href.slice(1)}`;
      return;
    }
    if (/^(https?:)?\/\//i.test(href)) element.properties['rel'] = ['nofollow', 'noopener', 'noreferrer'];
    links.add(href);
  });
  return [...links];
}

/** How often each element and attribute occurs. */
function census(tree: Root): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  visit(tree, (node) => {
    if (node.type === 'comment') count('comment');
    if (node.type !== 'element') return;
    count(`<${node.tagName}>`);
    for (const [name, value] of Object.entries(node.properties)) {
      if (value !== null && value !== undefined && value !== false) count(`${name.toLowerCase()}=`);
    }
  });
  return counts;
}

function difference(before: Map<string, number>, after: Map<string, number>) {
  return [...before]
    .map(([what, count]) => ({ what, count: count - (after.get(what) ?? 0) }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => (a.what < b.what ? -1 : 1));
}

function textOf(node: Nodes): string {
  if (node.type === 'text') return node.value;
  return 'children' in node ? node.children.map(textOf).join('') : '';
}

function asRoot(tree: Nodes): Root {
  return tree.type === 'root' ? tree : { type: 'root', children: tree.type === 'doctype' ? [] : [tree] };
}
