import { X } from 'lucide-react';

import { m } from '../messages/index.ts';

/** The category a list is narrowed to, and the way out of it. */
export function CategoryChip({ category, onRemove }: { category: string; onRemove: () => void }) {
  return (
    <button type="button" className="button" onClick={onRemove} aria-label={m.gallery.leaveCategory(category)}>
      {m.gallery.category(category)}
      <X aria-hidden className="size-4" />
    </button>
  );
}
