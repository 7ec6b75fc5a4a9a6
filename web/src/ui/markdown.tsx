import type { Nodes, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { createElement, Fragment, type ReactNode, useMemo } from 'react';

/** Markdown from strangers. There is no HTML in between, so there is nothing to sanitise: raw HTML is shown as text. */
export function Markdown({ source }: { source: string }) {
  const tree = useMemo(
    () => fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }),
    [source],
  );
  return <div className="prose">{childrenOf(tree)}</div>;
}

function safeUrl(url: string): string | undefined {
  return /^(https?:|mailto:|#|\/(?!\/))/i.test(url) ? url : undefined;
}

function childrenOf(node: Nodes): ReactNode {
  return 'children' in node ? node.children.map((child, i) => <Fragment key={i}>{elementOf(child)}</Fragment>) : null;
}

function elementOf(node: Nodes): ReactNode {
  switch (node.type) {
    case 'text':
      return node.value;
    case 'html':
      return <span className="figures text-ink-3">{node.value}</span>;
    case 'paragraph':
      return <p>{childrenOf(node)}</p>;
    case 'heading':
      return createElement(`h${Math.min(6, Math.max(2, node.depth))}`, null, childrenOf(node));
    case 'strong':
      return <strong>{childrenOf(node)}</strong>;
    case 'emphasis':
      return <em>{childrenOf(node)}</em>;
    case 'delete':
      return <del>{childrenOf(node)}</del>;
    case 'inlineCode':
      return <code>{node.value}</code>;
    case 'code':
      return (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrollable region must be reachable by keyboard
        <pre tabIndex={0}>
          <code>{node.value}</code>
        </pre>
      );
    case 'blockquote':
      return <blockquote>{childrenOf(node)}</blockquote>;
    case 'list':
      return node.ordered ? <ol start={node.start ?? 1}>{childrenOf(node)}</ol> : <ul>{childrenOf(node)}</ul>;
    case 'listItem':
      return <li>{node.spread ? childrenOf(node) : node.children.map(tightItem)}</li>;
    case 'link':
      return (
        <a href={safeUrl(node.url)} rel="nofollow noopener ugc">
          {childrenOf(node)}
        </a>
      );
    case 'image':
      return <span>[{node.alt}]</span>;
    case 'break':
      return <br />;
    case 'thematicBreak':
      return <hr />;
    case 'table':
      return tableOf(node);
    default:
      return childrenOf(node);
  }
}

/** A tight list's paragraphs are shown without the spacing of one. */
function tightItem(child: Nodes, i: number): ReactNode {
  return <Fragment key={i}>{child.type === 'paragraph' ? childrenOf(child) : elementOf(child)}</Fragment>;
}

function tableOf(table: Table): ReactNode {
  const [head, ...body] = table.children;
  return (
    <table>
      <thead>
        <tr>
          {head?.children.map((cell, i) => (
            <th key={i} scope="col">
              {childrenOf(cell)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {body.map((row, i) => (
          <tr key={i}>
            {row.children.map((cell, j) => (
              <td key={j}>{childrenOf(cell)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
