const MARK_OF_BLOCK = /^\s{0,3}(#{1,6}|>|[-*+]|\d+\.)\s/;

/** A description is Markdown; a card shows its first paragraph without the marks, or all of it where it has none. */
export function plainText(markdown: string): string {
  const withoutCode = markdown.replaceAll(/```[\s\S]*?(```|$)/g, ' ');
  const blocks = withoutCode.split(/\n\s*\n/).filter((block) => block.trim() !== '');
  return withoutMarks(blocks.find((block) => !MARK_OF_BLOCK.test(block)) ?? withoutCode);
}

function withoutMarks(markdown: string): string {
  return markdown
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/^\s{0,3}(#{1,6}|>|[-*+]|\d+\.)\s+/gm, '')
    .replaceAll(/[*_`~]{1,3}([^*_`~]+)[*_`~]{1,3}/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
