import { readFileSync } from 'node:fs';

/** Seconds since the guest's boot, on the guest's own clock. */
export function uptimeSeconds(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

export function say(message: string): void {
  console.log(`[${uptimeSeconds().toFixed(1)} s] ${message}`);
}
