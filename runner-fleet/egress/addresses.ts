import { BlockList, isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * Which addresses a capsule may be connected to: what the IANA special-purpose registries (RFC 6890) leave as globally
 * reachable. For IPv6 that is 2000::/3 alone, so that every form that embeds another address (IPv4-mapped, NAT64, unique
 * local, site local, multicast) is outside by construction.
 */
const GLOBAL_IPV6 = subnets(['2000::/3']);
const SPECIAL = subnets([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
const SPECIAL_IPV6 = subnets([
  '2001::/23', // protocol assignments, Teredo and ORCHID among them
  '2001:db8::/32',
  '2002::/16', // 6to4 embeds an IPv4 address
  '2620:4f:8000::/48',
  '3fff::/20',
]);

/**
 * No exception opens these, public or not: where clouds answer a machine's own questions (credentials among the answers), what embeds an
 * IPv4 address and so could spell one of them, and what is no one machine's address.
 */
const NEVER = subnets([
  '0.0.0.0/8',
  '100.100.100.200', // Alibaba Cloud
  '168.63.129.16', // Azure's WireServer, in public space
  '169.254.0.0/16', // AWS, Azure, Google Cloud, Oracle Cloud and most others
  '192.0.0.192', // Oracle Cloud's old metadata service
  '224.0.0.0/4',
  '255.255.255.255',
]);
const NEVER_IPV6 = subnets([
  '::',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
  'fd00:42::42', // Scaleway
  'fd00:c1::a9fe:a9fe', // Oracle Cloud
  'fd00:ec2::/32', // AWS: metadata, credentials of pods, names, time
  'fd20:ce::254', // Google Cloud
  'fe80::/10',
  'ff00::/8',
]);

export function isPublicAddress(address: string): boolean {
  const family = familyOf(address);
  if (family === 'ipv4') return !SPECIAL.check(address, 'ipv4');
  return family === 'ipv6' && GLOBAL_IPV6.check(address, 'ipv6') && !SPECIAL_IPV6.check(address, 'ipv6');
}

/** What may be connected to on this runner: public addresses but the machine's own, and those its operator added. */
export class AddressRules {
  readonly #exceptions: BlockList;
  readonly #ownAddresses: () => readonly string[];

  /** @throws RangeError where an exception is no `address` or `address/prefix` */
  constructor(exceptions: readonly string[], ownAddresses = addressesOfMachine) {
    this.#exceptions = subnets(exceptions);
    this.#ownAddresses = ownAddresses;
  }

  isAllowed(address: string): boolean {
    const family = familyOf(address);
    if (family === undefined) return false;
    if ((family === 'ipv4' ? NEVER : NEVER_IPV6).check(address, family)) return false;
    if (this.#exceptions.check(address, family)) return true;
    return isPublicAddress(address) && !this.#mayBeOwn(address, family);
  }

  /** A firewall around the machine sees nobody who comes from within. Looked at anew: the machine may have got another address. */
  #mayBeOwn(address: string, family: 'ipv4' | 'ipv6'): boolean {
    try {
      return subnets(this.#ownAddresses()).check(address, family);
    } catch {
      // It cannot tell, as where no descriptor is left: so any may be.
      return true;
    }
  }
}

function addressesOfMachine(): string[] {
  return Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address }) => address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  // A zone (`fe80::1%eth0`) names an interface, never a place on the internet.
  if (isIP(address) === 0 || address.includes('%')) return undefined;
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

function subnets(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) addSubnet(list, range);
  return list;
}

function addSubnet(list: BlockList, range: string): void {
  const [address = '', prefix] = range.split('/');
  const family = familyOf(address);
  const bits = family === 'ipv4' ? 32 : 128;
  const length = Number(prefix ?? bits);
  if (family === undefined || !/^\d{1,3}$/.test(prefix ?? '0') || length > bits) {
    throw new RangeError(`expected an address or address/prefix, got ${JSON.stringify(range)}`);
  }
  list.addSubnet(address, length, family);
}
