import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { render } from './render.ts';

describe('CommonMark and GFM', () => {
  // Inputs and outputs of numbered examples of CommonMark 0.31.2 and GFM 0.29.
  test.each([
    ['tabs in a code block', '\tfoo\tbaz\t\tbim\n', '<pre><code>foo\tbaz\t\tbim\n</code></pre>'],
    ['a tight list', '- foo\n- bar\n', '<ul>\n<li>foo</li>\n<li>bar</li>\n</ul>'],
    ['nested emphasis', '**foo *bar* baz**', '<p><strong>foo <em>bar</em> baz</strong></p>'],
    ['a hard break', 'foo  \nbar', '<p>foo<br>\nbar</p>'],
    ['strikethrough', '~~Hi~~ Hello', '<p><del>Hi</del> Hello</p>'],
    ['an entity', '&copy; &amp; 1 < 2', '<p>© &#x26; 1 &#x3C; 2</p>'],
  ])('renders %s', (_, markdown, html) => {
    expect(render(markdown).html).toBe(html);
  });

  test('renders a table with its alignment', () => {
    expect(render('| a | b |\n|---|--:|\n| 1 | 2 |').html).toContain('<td align="right">2</td>');
  });

  test('marks links that leave the page, and lists them once', () => {
    const { html, links } = render('[a](https://example.com) https://example.com [b](/local)');
    expect(html).toContain('<a href="https://example.com" rel="nofollow noopener noreferrer">a</a>');
    expect(links).toEqual(['https://example.com', '/local']);
  });

  test('names headings as GitHub does, with the prefix, and points fragment links at them', () => {
    const { html, contents } = render('# Hello, *World*\n\n## Hello World\n\n[up](#hello-world)');
    expect(contents).toEqual([
      { depth: 1, text: 'Hello, World', id: 'user-content-hello-world' },
      { depth: 2, text: 'Hello World', id: 'user-content-hello-world-1' },
    ]);
    expect(html).toContain('<h1 id="user-content-hello-world">');
    expect(html).toContain('href="#user-content-hello-world"');
  });

  test('a footnote and its way back find each other', () => {
    const { html } = render('text[^1]\n\n[^1]: note');
    expect(html).toContain('href="#user-content-fn-1"');
    expect(html).toContain('id="user-content-fn-1"');
    expect(html).toContain('href="#user-content-fnref-1"');
    expect(html).toContain('id="user-content-fnref-1"');
  });
});

describe('safety', () => {
  test.each([
    ['<script>alert(1)</script>', 'script'],
    ['<img src=x onerror=alert(1)>', 'onerror'],
    ['<a href="javascript:alert(1)">x</a>', 'javascript'],
    ['[x](JaVaScRiPt:alert(1))', 'alert'],
    ['[x](data:text/html;base64,PHNjcmlwdD4=)', 'data:'],
    ['<svg><script>alert(1)</script></svg>', 'script'],
    ['<iframe srcdoc="<script>alert(1)</script>"></iframe>', 'iframe'],
    ['<b style="position:fixed">x</b>', 'style'],
    ['<math><mtext><table><mglyph><style><img src onerror=alert(1)>', '<img'],
    ['<form action=/x><input name=q></form>', 'form'],
  ])('%s loses its %s', (markdown, forbidden) => {
    const { html, removed } = render(markdown);
    expect(html.toLowerCase()).not.toContain(forbidden);
    expect(removed).not.toEqual([]);
  });

  test('says what was removed', () => {
    expect(render('<script>x</script><b onclick="y">z</b>').removed).toEqual([
      { what: '<script>', count: 1 },
      { what: 'onclick=', count: 1 },
    ]);
  });

  test('no document gets a script, a handler or a script URL through', () => {
    const fragment = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '`',
      '[',
      '](',
      ')',
      '\n',
      ' ',
      '&#106;',
      'script',
      'img ',
      'svg ',
      'onload=',
      'javascript:',
      'src=',
      'href=',
      'a ',
      '/',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 40 }), (parts) => {
        const { html } = render(parts.join(''));
        const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
        for (const tag of tags)
          expect(tag).not.toMatch(/^<(script|svg|iframe|style)|\son[a-z]+=|(href|src)="?\s*javascript:/i);
      }),
      { numRuns: 300 },
    );
  });
});

test('the sample renders completely and comes out harmless', async () => {
  const sample = await readFile(join(import.meta.dirname, '../samples/field-notes.md'), 'utf8');
  const { html, title, contents, links, removed } = render(sample);
  expect(title).toBe('Field notes: time zones');
  expect(contents.map(({ depth }) => depth)).toEqual([1, 2, 2, 3, 3, 2, 3]);
  expect(links).toEqual(['https://www.iana.org/time-zones', 'https://www.rfc-editor.org/rfc/rfc9557']);
  expect(removed.map(({ what }) => what)).toEqual([
    '<iframe>',
    '<script>',
    'href=',
    'onclick=',
    'onerror=',
    'src=',
    'style=',
  ]);
  expect(html).toContain('<details open>');
  expect(html).toContain('<td align="right">+05:45</td>');
  expect(html).toContain('id="user-content-location"');
});
