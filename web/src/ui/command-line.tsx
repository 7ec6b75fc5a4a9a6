/** A command to type in a terminal. */
export function CommandLine({ children }: { children: string }) {
  return (
    <pre
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrollable region must be reachable by keyboard
      tabIndex={0}
      className="figures overflow-x-auto rounded-md border border-line bg-sunken px-3 py-2 text-xs"
    >
      {children}
    </pre>
  );
}
