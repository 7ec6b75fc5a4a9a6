import { Moon, Sun, SunMoon } from 'lucide-react';
import { useState } from 'react';

import { m } from '../messages/index.ts';

const CHOICES = ['system', 'light', 'dark'] as const;
const ICONS = { system: SunMoon, light: Sun, dark: Moon };
/** `public/theme.js` reads the same key before the first paint. */
const STORAGE_KEY = 'soma.theme';

export function ThemeSwitch() {
  const [choice, setChoice] = useState(
    () => CHOICES.find((candidate) => candidate === localStorage.getItem(STORAGE_KEY)) ?? 'system',
  );
  const Icon = ICONS[choice];
  function turn() {
    const next = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'system';
    localStorage.setItem(STORAGE_KEY, next);
    if (next === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = next;
    setChoice(next);
  }
  return (
    <button
      type="button"
      onClick={turn}
      aria-label={m.shell.theme(choice)}
      className="grid size-9 flex-none place-items-center rounded-md text-ink-2 hover:bg-sunken"
    >
      <Icon aria-hidden className="size-4.5" />
    </button>
  );
}
