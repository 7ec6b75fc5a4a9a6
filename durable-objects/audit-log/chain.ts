import { type AuditRecord, canonicalBytes } from '#contracts/audit';
import { appendLeaf, type CompactRange, hashLeaf } from '#contracts/merkle';

/** One entry as it goes into the log. Entry `seq` is leaf `seq - 1` of the tree. */
export interface Link {
  readonly seq: number;
  readonly recordId: string;
  readonly leafHash: string;
  /** RFC 8785 text of the record: what was hashed. */
  readonly text: string;
}

export interface Appended {
  readonly links: readonly Link[];
  readonly range: CompactRange;
  /** The sequence number of every record, in the order given. */
  readonly seqs: readonly number[];
}

/**
 * Appends the records that the log does not hold yet, in the order given. A record is known by its id: the same id again, here or in an
 * earlier call, is the entry that is there already.
 */
export function appendRecords(
  range: CompactRange,
  records: readonly AuditRecord[],
  heldSeqOf: (recordId: string) => number | undefined,
): Appended {
  const links: Link[] = [];
  const fresh = new Map<string, number>();
  let grown = range;
  const seqs = records.map((record) => {
    const held = fresh.get(record.id) ?? heldSeqOf(record.id);
    if (held !== undefined) return held;
    const bytes = canonicalBytes(record);
    const leafHash = hashLeaf(bytes);
    grown = appendLeaf(grown, leafHash);
    fresh.set(record.id, grown.size);
    links.push({ seq: grown.size, recordId: record.id, leafHash, text: new TextDecoder().decode(bytes) });
    return grown.size;
  });
  return { links, range: grown, seqs };
}
