import { Resolver } from 'node:dns/promises';

/** The addresses of a name, the ones to try first in front. @throws where it has none */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Asks the machine's name servers, and nothing else: neither a hosts file nor a search domain makes a name mean another host. */
export function systemResolver(): Resolve {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return async (host) => {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length === 0) throw new Error(`${host} has no address`);
    return addresses;
  };
}
