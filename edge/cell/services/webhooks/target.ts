import { MAX_WEBHOOK_URL_CHARS } from '#contracts/api/webhooks';
import { DomainError, InvalidInput } from '#contracts/errors';

export interface TargetRules {
  /** Our own hosts must not be told to call themselves. */
  readonly publicUrl: string;
  /** `host` or `host:port`, comma separated: taken as they are, with http too. Empty in production. */
  readonly insecureHosts: string;
}

const PRIVATE_NAMES = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
  'test',
  'invalid',
  'example',
  'onion',
];

/**
 * Judges where messages may be sent to: public host names over https, on the default port. A Worker cannot see or fix what a name
 * resolves to: that no private network is behind one is so because Cloudflare's own network has no way into any.
 *
 * @throws InvalidInput that says what is wrong with it
 */
export function readTarget(text: string, rules: TargetRules): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fault = url ? faultOf(url, rules) : 'expected an absolute URL such as https://hooks.acme.com/soma';
  if (url && fault === undefined) return url;
  throw new InvalidInput('the URL cannot be a webhook', [{ path: '/url', message: fault ?? '' }]);
}

/** For a URL that was taken once: whether it would be taken still. */
export function isTarget(text: string, rules: TargetRules): boolean {
  try {
    readTarget(text, rules);
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

function faultOf(url: URL, { publicUrl, insecureHosts }: TargetRules): string | undefined {
  if (url.username !== '' || url.password !== '') return 'expected no user and password; messages are signed instead';
  // Each character that is not ASCII becomes up to nine, and an index takes no more.
  if (url.href.length > MAX_WEBHOOK_URL_CHARS)
    return `expected at most ${MAX_WEBHOOK_URL_CHARS} characters; written out as it is sent it has ${url.href.length}`;
  if (url.hash !== '') return 'expected no fragment: it would never be sent';
  const allowed = insecureHosts.split(',').map((host) => host.trim());
  if (['http:', 'https:'].includes(url.protocol) && (allowed.includes(url.host) || allowed.includes(url.hostname)))
    return undefined;
  if (url.protocol !== 'https:') return 'expected https';
  if (url.port !== '') return 'expected the default port';
  return hostFault(url.hostname.replace(/\.$/, ''), new URL(publicUrl).hostname);
}

/** The parser has brought every spelling of an address into one: dotted decimals, or brackets. */
function hostFault(host: string, ownHost: string): string | undefined {
  if (host.startsWith('[') || /^[\d.]+$/.test(host)) return 'expected a host name, not an address';
  if (!host.includes('.') || PRIVATE_NAMES.some((name) => host === name || host.endsWith(`.${name}`)))
    return `expected a public host name; ${host} is a private one`;
  if (host === ownHost || host.endsWith(`.${ownHost}`)) return `expected a host of yours; ${host} is one of ours`;
  return undefined;
}
