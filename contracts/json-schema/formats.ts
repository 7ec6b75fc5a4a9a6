/**
 * The formats that are checked; any other only describes (JSON Schema 2020-12 Validation §7.2.1). Each judges a text of bounded length, by
 * means that take time in proportion to it.
 */
interface Format {
  readonly maxLength: number;
  readonly holds: (text: string) => boolean;
  readonly expected: string;
}

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** RFC 3339 §5.6 full-date */
function isDate(text: string): boolean {
  const [, year = 0, month = 0, day = 0] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number);
  if (day < 1 || day > (DAYS_IN_MONTH[month - 1] ?? 0)) return false;
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month !== 2 || day < 29 || isLeapYear;
}

const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const MINUTES_A_DAY = 24 * 60;

/** RFC 3339 §5.6 full-time; a leap second stands only at the end of a day in UTC. */
function isTime(text: string): boolean {
  const found = TIME.exec(text);
  if (!found) return false;
  const [hour = 0, minute = 0, second = 0] = found.slice(1, 4).map(Number);
  const offsetHour = Number(found[5] ?? 0);
  const offsetMinute = Number(found[6] ?? 0);
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (offsetHour * 60 + offsetMinute) * (found[4] === '-' ? -1 : 1);
  return (hour * 60 + minute - offset + MINUTES_A_DAY) % MINUTES_A_DAY === MINUTES_A_DAY - 1;
}

function isDateTime(text: string): boolean {
  return isDate(text.slice(0, 10)) && /^[Tt]$/.test(text.charAt(10)) && isTime(text.slice(11));
}

/** RFC 3339 appendix A */
const DURATION =
  /^P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?|T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const BYTE = /^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LOCAL_PART =
  /^(?:"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"|[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)$/;
/** RFC 3986 appendix B: any text falls into these parts; what each may hold is §3. */
const URI_PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const AUTHORITY =
  /^(?:(?:[\w.~!$&'()*+,;=:-]|%[0-9a-fA-F]{2})*@)?(?:\[(.+)\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-fA-F]{2})*)(?::\d*)?$/;
const PATH = /^(?:[\w.~!$&'()*+,;=:@/-]|%[0-9a-fA-F]{2})*$/;
const QUERY = /^(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9a-fA-F]{2})*$/;
const FUTURE_ADDRESS = /^v[0-9a-f]+\.[\w.~!$&'()*+,;=:-]+$/i;
const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;

function isHostname(text: string): boolean {
  return text.split('.').every((label) => LABEL.test(label));
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => BYTE.test(part));
}

function isIpv6(text: string): boolean {
  return /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]`);
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const host = text.slice(at + 1);
  const address = /^\[(?:(ipv6:)?)(.*)\]$/i.exec(host);
  const isHost = address ? (address[1] ? isIpv6 : isIpv4)(address[2] ?? '') : isHostname(host);
  return at > 0 && at <= 64 && isHost && LOCAL_PART.test(text.slice(0, at));
}

function isUriReference(text: string): boolean {
  const [, scheme = 'x', authority, path = '', query = '', fragment = ''] = URI_PARTS.exec(text) ?? [];
  return (
    SCHEME.test(scheme) &&
    (authority === undefined || isAuthority(authority)) &&
    PATH.test(path) &&
    QUERY.test(query) &&
    QUERY.test(fragment)
  );
}

function isAuthority(text: string): boolean {
  const found = AUTHORITY.exec(text);
  if (!found) return false;
  const address = found[1];
  return address === undefined || isIpv6(address) || FUTURE_ADDRESS.test(address);
}

function isUri(text: string): boolean {
  return /^[^:/?#]+:/.test(text) && isUriReference(text);
}

function isRegex(text: string): boolean {
  try {
    void new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

export const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['date', { maxLength: 10, holds: isDate, expected: 'a date such as 2026-01-31' }],
  ['time', { maxLength: 100, holds: isTime, expected: 'a time such as 23:59:59Z' }],
  ['date-time', { maxLength: 100, holds: isDateTime, expected: 'a time such as 2026-01-31T23:59:59Z' }],
  ['duration', { maxLength: 100, holds: (text) => DURATION.test(text), expected: 'a duration such as P1DT12H' }],
  ['email', { maxLength: 320, holds: isEmail, expected: 'an e-mail address' }],
  ['hostname', { maxLength: 253, holds: isHostname, expected: 'a host name' }],
  ['ipv4', { maxLength: 15, holds: isIpv4, expected: 'an IPv4 address' }],
  ['ipv6', { maxLength: 45, holds: isIpv6, expected: 'an IPv6 address' }],
  [
    'uri',
    {
      maxLength: 8_192,
      holds: isUri,
      expected: 'a full address such as https://example.com',
    },
  ],
  ['uri-reference', { maxLength: 8_192, holds: isUriReference, expected: 'an address, full or relative' }],
  ['uuid', { maxLength: 36, holds: (text) => UUID.test(text), expected: 'a UUID' }],
  ['json-pointer', { maxLength: 8_192, holds: (text) => POINTER.test(text), expected: 'a JSON Pointer such as /a/0' }],
  ['regex', { maxLength: 500, holds: isRegex, expected: 'a regular expression' }],
]);
