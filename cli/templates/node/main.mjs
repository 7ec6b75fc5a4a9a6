export default async function wordCount({ text }, soma) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  soma.progress(0.5, `${words.length} words`);
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  soma.usage('words', words.length);
  const top = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 10);
  return { words: words.length, top: top.map(([word, count]) => ({ word, count })) };
}
