const TICKS = 24;
const CENTRE = 24;
const OUTER_RADIUS = 23;

/** The digest, drawn: 24 ticks round a capsule. Two versions never look alike, and a changed bundle shows at a glance. */
export function Seal({ digest, size = 40 }: { digest: string; size?: number }) {
  const hex = digest.replace('sha256:', '');
  const nibble = (i: number) => Number.parseInt(hex[i] ?? '0', 16);
  const hue = Math.round(((nibble(0) * 16 + nibble(1)) / 255) * 360);
  const ticks = Array.from({ length: TICKS }, (_, i) => {
    const angle = (i / TICKS) * Math.PI * 2 - Math.PI / 2;
    const innerRadius = 20.5 - (nibble(i + 2) / 15) * 7.5;
    return `M${pointAt(angle, innerRadius)}L${pointAt(angle, OUTER_RADIUS)}`;
  }).join('');
  return (
    <svg
      aria-hidden
      width={size}
      height={size}
      viewBox="0 0 48 48"
      className="seal-mark flex-none"
      style={{ '--seal-hue': hue }}
      fill="none"
      stroke="currentColor"
    >
      <path d={ticks} strokeWidth="2.1" strokeLinecap="round" />
      <g transform={`rotate(${nibble(27) * 22.5} ${CENTRE} ${CENTRE})`}>
        <rect x="20" y="16" width="8" height="16" rx="4" strokeWidth="2.1" />
        <path d="M20 24h8v4a4 4 0 0 1-8 0Z" fill="currentColor" stroke="none" />
      </g>
    </svg>
  );
}

function pointAt(angle: number, radius: number): string {
  return `${(CENTRE + radius * Math.cos(angle)).toFixed(2)} ${(CENTRE + radius * Math.sin(angle)).toFixed(2)}`;
}
