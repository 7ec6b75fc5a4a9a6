import { z } from 'zod';

/** Where a run may connect: `host:port`, a host may start with `*.`; no addresses, no bare `*`. */
export const EgressTarget = z
  .string()
  .max(255)
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}:([1-9]\d{0,4})$/,
    'expected host:port such as api.example.com:443',
  )
  .refine((target) => Number(target.slice(target.lastIndexOf(':') + 1)) <= 65_535, 'expected a port up to 65535');

/**
 * Whether one of `targets` covers `target`, all of them `host:port`. `*.` stands for one label or more, so that `*.a.test` covers what is
 * below it, `*.b.a.test` too, and not `a.test`.
 */
export function isCovered(targets: readonly string[], target: string): boolean {
  const [host, port] = partsOf(target);
  return targets.some((each) => {
    const [pattern, coveredPort] = partsOf(each);
    if (coveredPort !== port) return false;
    return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host !== pattern.slice(2) : host === pattern;
  });
}

/** Whether there is a target that every one of `lists` covers. Where two patterns meet at all, one is inside the other. */
export function haveCommonTarget(lists: readonly (readonly string[])[]): boolean {
  return lists.length === 0 || lists.flat().some((target) => lists.every((targets) => isCovered(targets, target)));
}

function partsOf(target: string): [host: string, port: string] {
  const end = target.lastIndexOf(':');
  return [target.slice(0, end), target.slice(end + 1)];
}
