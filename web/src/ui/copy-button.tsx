import { Check, Copy } from 'lucide-react';
import { useState } from 'react';

import { m } from '../messages/index.ts';

export function CopyButton({ text, label = m.shell.copy }: { text: string; label?: string }) {
  const [copied, setCopied] = useState<string>();
  const isCopied = copied === text;
  const Icon = isCopied ? Check : Copy;
  return (
    <button
      type="button"
      className="button"
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(text))}
    >
      <Icon aria-hidden className="size-4" />
      <span aria-live="polite">{isCopied ? m.shell.copied : label}</span>
    </button>
  );
}
