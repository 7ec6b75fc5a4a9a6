/** A description is Markdown; a card shows its first words without the marks. */
export function plainText(markdown: string): string {
  return markdown
    .replaceAll(/```[\s\S]*?(```|$)/g, ' ')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/^\s{0,3}(#{1,6}|>|[-*+]|\d+\.)\s+/gm, '')
    .replaceAll(/[*_`~]{1,3}([^*_`~]+)[*_`~]{1,3}/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
