import { isIP } from 'node:net';

import type { EgressRefusal } from '#contracts/egress';

export interface Target {
  /** Lower case, without the dot of the root. */
  readonly host: string;
  readonly port: number;
}

const AUTHORITY = /^(?<host>[^:@/?#\s]+|\[[^\]\s]*\]):(?<port>[1-9]\d{0,4})$/;
const NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{1,63}$/;
/** Also what old resolvers take for addresses: `127.1`, `0x7f000001`, `2130706433`. */
const NUMBER = /^(0x[0-9a-f]*|\d+)$/;

/** Reads the `host:port` of a CONNECT (RFC 9110 §9.3.6). An address in any spelling is not a name. */
export function parseTarget(authority: string): Target | Extract<EgressRefusal, 'malformed' | 'address_literal'> {
  const { host = '', port = '' } = AUTHORITY.exec(authority)?.groups ?? {};
  const name = host.toLowerCase().replace(/\.$/, '');
  if (name === '' || Number(port) > 65_535) return 'malformed';
  const lastLabel = name.slice(name.lastIndexOf('.') + 1);
  if (name.startsWith('[') || isIP(name) !== 0 || NUMBER.test(lastLabel)) return 'address_literal';
  return NAME.test(name) ? { host: name, port: Number(port) } : 'malformed';
}

/** Ports that a run may be expected to try: those it was granted, and the web's, whose refusals are worth knowing of. */
export function portsToServe(grants: readonly string[]): number[] {
  return [...new Set([80, 443, ...grants.map((grant) => Number(grant.slice(grant.lastIndexOf(':') + 1)))])];
}
