import {
  ARCHITECTURES,
  type Architecture,
  type ArgumentRule,
  ENOSYS,
  EPERM,
  type SeccompProfile,
  type SeccompRule,
  systemCallNumbers,
} from './seccomp-profile.ts';

/**
 * Compiles a profile to the classic BPF that the kernel runs at every system call (seccomp(2), linux/filter.h), once for
 * all sandboxes: a runtime would do it anew for each. A binary search over call numbers, so that a call costs a few steps.
 */
export function compileSeccomp(profile: SeccompProfile, architecture: Architecture): Buffer {
  const numbers = systemCallNumbers(architecture);
  const verdicts = verdictsByNumber(profile.syscalls, numbers);
  const newest = Math.max(...numbers.values());
  const program: Instruction[] = [
    load(OFFSET.architecture),
    jump(OP.jumpIfEqual, ARCHITECTURES[architecture].audit, 1, 0),
    give(RETURN.kill),
    load(OFFSET.number),
    // A call that this profile does not know is, to the C library, one that the kernel does not have; x32's are among them.
    jump(OP.jumpIfGreater, newest, 0, 1),
    give(RETURN.error | ENOSYS),
    ...search(rangesOf(verdicts, newest)),
  ];
  if (program.length > MAX_INSTRUCTIONS) throw new Error(`a filter of ${program.length} instructions is too long`);
  return Buffer.concat(program.map(encode));
}

const MAX_INSTRUCTIONS = 4_096;
const OP = {
  load: 0x20,
  and: 0x54,
  jump: 0x05,
  jumpIfEqual: 0x15,
  jumpIfGreater: 0x25,
  jumpIfAtLeast: 0x35,
  give: 0x06,
} as const;
const RETURN = { allow: 0x7fff0000, error: 0x00050000, kill: 0x80000000 } as const;
/** In struct seccomp_data. */
const OFFSET = { number: 0, architecture: 4, arguments: 16 } as const;

interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly value: number;
}

interface Range {
  readonly from: number;
  readonly code: readonly Instruction[];
}

function verdictsByNumber(rules: readonly SeccompRule[], numbers: ReadonlyMap<string, number>) {
  const verdicts = new Map<number, SeccompRule[]>();
  for (const rule of rules) {
    for (const name of rule.names) {
      const number = numbers.get(name);
      if (number !== undefined) verdicts.set(number, [...(verdicts.get(number) ?? []), rule]);
    }
  }
  return verdicts;
}

/** Neighbouring numbers with one verdict are one range. */
function rangesOf(verdicts: ReadonlyMap<number, readonly SeccompRule[]>, newest: number): Range[] {
  const ranges: Range[] = [];
  for (let number = 0; number <= newest; number++) {
    const code = (verdicts.get(number) ?? []).reduceRight(
      (rest, rule) => [...guarded(rule, give(returnOf(rule))), ...rest],
      [give(RETURN.error | EPERM)],
    );
    const last = ranges.at(-1);
    if (!last || !isSameCode(last.code, code)) ranges.push({ from: number, code });
  }
  return ranges;
}

function isSameCode(a: readonly Instruction[], b: readonly Instruction[]): boolean {
  return JSON.stringify(a[0]) === JSON.stringify(b[0]) && a[0]?.code === OP.give;
}

function returnOf({ action, errnoRet = EPERM }: SeccompRule): number {
  return action === 'SCMP_ACT_ALLOW' ? RETURN.allow : RETURN.error | errnoRet;
}

/** Tests each argument, high half and low half, and skips `verdict` where one does not match. */
function guarded({ args = [] }: SeccompRule, verdict: Instruction): Instruction[] {
  let code = [verdict];
  for (const rule of args.toReversed()) {
    for (const half of [4, 0]) code = [...test(rule, half), skipOver(code.length), ...code];
  }
  return code;
}

/** Goes on after the next instruction where half of the argument is as the rule wants it. */
function test({ index, op, value, valueTwo }: ArgumentRule, half: number): Instruction[] {
  const halfOf = (whole: number) => (half === 4 ? Math.floor(whole / 2 ** 32) : whole >>> 0);
  const at = load(OFFSET.arguments + 8 * index + half);
  if (op === 'SCMP_CMP_EQ') return [at, jump(OP.jumpIfEqual, halfOf(value), 1, 0)];
  return [at, { ...give(halfOf(value)), code: OP.and }, jump(OP.jumpIfEqual, halfOf(valueTwo), 1, 0)];
}

function search(ranges: readonly Range[]): readonly Instruction[] {
  const middle = ranges[Math.floor(ranges.length / 2)];
  if (ranges.length <= 1 || !middle) return ranges[0]?.code ?? [];
  const left = search(ranges.slice(0, Math.floor(ranges.length / 2)));
  const right = search(ranges.slice(Math.floor(ranges.length / 2)));
  return [jump(OP.jumpIfAtLeast, middle.from, 0, 1), skipOver(left.length), ...left, ...right];
}

function load(offset: number): Instruction {
  return { code: OP.load, ifTrue: 0, ifFalse: 0, value: offset };
}

function give(value: number): Instruction {
  return { code: OP.give, ifTrue: 0, ifFalse: 0, value };
}

function jump(code: number, value: number, ifTrue: number, ifFalse: number): Instruction {
  return { code, ifTrue, ifFalse, value };
}

/** Reaches further than the 255 instructions of a conditional jump. */
function skipOver(count: number): Instruction {
  return { code: OP.jump, ifTrue: 0, ifFalse: 0, value: count };
}

function encode({ code, ifTrue, ifFalse, value }: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}
