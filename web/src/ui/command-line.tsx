/** Commands to type in a terminal, one a line. */
export function CommandLine({ children }: { children: string }) {
  return (
    <pre className="figures rounded-md border border-line bg-sunken px-3 py-2 text-xs whitespace-pre-wrap wrap-anywhere">
      {children}
    </pre>
  );
}
