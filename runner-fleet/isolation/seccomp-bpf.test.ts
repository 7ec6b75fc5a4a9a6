import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compileSeccomp } from './seccomp-bpf.ts';
import {
  ARCHITECTURES,
  type Architecture,
  ENOSYS,
  EPERM,
  seccompProfile,
  systemCallNumbers,
} from './seccomp-profile.ts';

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (number: number) => 0x00050000 | number;
/** AUDIT_ARCH_I386. */
const I386 = 0x40000003;
const NONE = [0n, 0n, 0n, 0n, 0n, 0n];

/** What the kernel would do with the program and a call (linux/filter.h). */
function judge(program: Buffer, audit: number, number: number, args: readonly bigint[]): number {
  const call = Buffer.alloc(64);
  call.writeUInt32LE(number >>> 0, 0);
  call.writeUInt32LE(audit, 4);
  for (const [index, value] of args.entries()) call.writeBigUInt64LE(value, 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = program.readUInt16LE(8 * at);
    const value = program.readUInt32LE(8 * at + 4);
    const jump = (isTrue: boolean) => program.readUInt8(8 * at + (isTrue ? 2 : 3));
    if (code === 0x06) return value;
    if (code === 0x20) accumulator = call.readUInt32LE(value);
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (code === 0x05) at += value;
    else if (code === 0x15) at += jump(accumulator === value);
    else if (code === 0x25) at += jump(accumulator > value);
    else if (code === 0x35) at += jump(accumulator >= value);
    else throw new Error(`instruction ${code} at ${at}`);
  }
}

/** What the profile says in its own words. */
function expected(architecture: Architecture, number: number, args: readonly bigint[]): number {
  const numbers = systemCallNumbers(architecture);
  if (number > Math.max(...numbers.values())) return errno(ENOSYS);
  const name = [...numbers].find(([, known]) => known === number)?.[0];
  const rule = seccompProfile(architecture).syscalls.find(
    ({ names, args: conditions = [] }) =>
      name !== undefined &&
      names.includes(name) &&
      conditions.every(({ index, op, value, valueTwo }) =>
        op === 'SCMP_CMP_EQ'
          ? args[index] === BigInt(value)
          : ((args[index] ?? 0n) & BigInt(value)) === BigInt(valueTwo),
      ),
  );
  if (!rule) return errno(EPERM);
  return rule.action === 'SCMP_ACT_ALLOW' ? ALLOW : errno(rule.errnoRet ?? EPERM);
}

describe.each(['x64', 'arm64'] as const)('on %s', (architecture) => {
  const program = compileSeccomp(seccompProfile(architecture), architecture);
  const { audit } = ARCHITECTURES[architecture];
  const numbers = systemCallNumbers(architecture);
  const decide = (name: string, ...args: readonly bigint[]) =>
    judge(program, audit, numbers.get(name) ?? -1, [...args, ...NONE].slice(0, 6));

  test('the compiled filter decides every call as the profile says', () => {
    const argument = fc.oneof(
      fc.constantFrom(0n, 1n, 2n, 10n, 16n, 40n, 0x10000000n, 0x20000n, 0xffffffffn, 0x1_0000_0001n),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    );
    fc.assert(
      fc.property(fc.nat({ max: 520 }), fc.array(argument, { minLength: 6, maxLength: 6 }), (number, args) => {
        expect(judge(program, audit, number, args)).toBe(expected(architecture, number, args));
      }),
      { numRuns: 3_000 },
    );
  });

  test('a call of another architecture kills, and one of x32 does not exist', () => {
    expect(judge(program, I386, 0, NONE)).toBe(KILL);
    expect(judge(program, audit, 0x40000000, NONE)).toBe(errno(ENOSYS));
  });

  test('lets ordinary work through, and nothing into namespaces, other processes or rare parts of the kernel', () => {
    for (const name of ['read', 'openat', 'mmap', 'execve', 'futex', 'epoll_ctl']) expect(decide(name)).toBe(ALLOW);
    expect(decide('clone', 0x11n)).toBe(ALLOW);
    for (const flag of [0x20000n, 0x02000000n, 0x10000000n, 0x40000000n]) {
      expect(decide('clone', flag)).toBe(errno(EPERM));
    }
    expect(decide('clone3')).toBe(errno(ENOSYS));
    expect(decide('socket', 2n)).toBe(ALLOW);
    expect(decide('socket', 40n)).toBe(errno(EPERM));
    const refused =
      'io_uring_setup memfd_secret userfaultfd bpf keyctl add_key request_key ptrace process_vm_readv perf_event_open ' +
      'unshare setns mount umount2 pivot_root kexec_load open_tree move_mount fsopen init_module inotify_init1 io_setup';
    for (const name of refused.split(' ')) expect(numbers.has(name)).toBe(false);
  });
});
