import type { Handler } from '../../handler.ts';
import { render, type Rendered } from './render.ts';

interface Input {
  readonly markdown: string;
  readonly idPrefix?: string;
}

const handle: Handler<Input, Rendered> = async ({ markdown, idPrefix }, soma) => {
  soma.progress(0, `rendering ${markdown.length} characters`);
  const rendered = render(markdown, idPrefix);
  for (const { depth, text } of rendered.contents) console.log(`${'  '.repeat(depth - 1)}${text}`);
  for (const { what, count } of rendered.removed) soma.event('removed', { what, count });
  soma.progress(1, `${rendered.words} words, ${rendered.contents.length} headings, ${rendered.links.length} links`);
  return rendered;
};

export default handle;
