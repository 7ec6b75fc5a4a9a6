export function Logo() {
  return (
    <svg
      aria-hidden
      viewBox="0 0 32 32"
      className="size-5 text-accent"
      fill="none"
      stroke="currentColor"
      strokeWidth="3.5"
    >
      <rect x="9" y="2" width="14" height="28" rx="7" />
      <path d="M9 16h14v7a7 7 0 0 1-14 0Z" fill="currentColor" />
    </svg>
  );
}
