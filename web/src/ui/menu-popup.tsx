import { Menu } from '@base-ui/react/menu';
import { type ReactNode, useRef } from 'react';

/** Rendered where it is written, not at the end of the document: what it holds stays inside the page's landmarks. */
export function MenuPopup({ children }: { children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  return (
    <>
      <div ref={place} className="contents" />
      <Menu.Portal container={place}>
        <Menu.Positioner sideOffset={6} align="end" className="z-10">
          <Menu.Popup className="menu rise-in">{children}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </>
  );
}
