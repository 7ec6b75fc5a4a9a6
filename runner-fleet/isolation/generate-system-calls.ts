/**
 * Writes system-calls.json: what a capsule may call, with the numbers of both architectures.
 *
 *   node generate-system-calls.ts DOCKER_PROFILE X64_HEADER GENERIC_HEADER > system-calls.json
 *
 * DOCKER_PROFILE is the engine's default profile as it resolves for a container without capabilities: `linux.seccomp` of
 * its config.json. The headers are the kernel's asm/unistd_64.h and asm-generic/unistd.h, the latter for arm64.
 */
import { readFileSync } from 'node:fs';

import { z } from 'zod';

/** What Docker's default lets through and a capsule has no use for that would justify the kernel code behind it. */
const LEFT_OUT: readonly string[] = Object.values({
  // A second way into most of the kernel, around filters on single calls.
  ring: ['io_uring_setup', 'io_uring_enter', 'io_uring_register'],
  // Memory that not even the host can read.
  hidden: ['memfd_secret'],
  processes: ['ptrace', 'process_mrelease', 'kcmp', 'pidfd_getfd', 'process_vm_readv', 'process_vm_writev'],
  // Counted for the whole host or for all sandboxes of a user together: one could take them away from all.
  watches: ['inotify_init', 'inotify_init1', 'inotify_add_watch', 'inotify_rm_watch', 'fanotify_mark'],
  asynchronous: ['io_setup', 'io_destroy', 'io_submit', 'io_cancel', 'io_getevents', 'io_pgetevents'],
  // For processes of several makers.
  shared: ['shmget', 'shmat', 'shmctl', 'shmdt', 'semget', 'semctl', 'semop', 'semtimedop'],
  messages: ['msgget', 'msgctl', 'msgsnd', 'msgrcv'],
  queues: ['mq_open', 'mq_unlink', 'mq_timedsend', 'mq_timedreceive', 'mq_notify', 'mq_getsetattr'],
  segments: ['modify_ldt', 'get_thread_area', 'set_thread_area'],
  relics: ['remap_file_pages', 'epoll_ctl_old', 'epoll_wait_old', 'vmsplice'],
}).flat();

/** Allowed under conditions, which seccomp-profile.ts states. */
const CONDITIONAL = ['clone', 'personality', 'socket', 'socketpair'];

const Profile = z.object({
  linux: z.object({
    seccomp: z.object({
      syscalls: z.array(
        z.object({ names: z.array(z.string()), action: z.string(), args: z.array(z.unknown()).optional() }),
      ),
    }),
  }),
});

const [profilePath = '', x64Header = '', genericHeader = ''] = process.argv.slice(2);
const { syscalls } = Profile.parse(JSON.parse(readFileSync(profilePath, 'utf8'))).linux.seccomp;
const allowedByDocker = syscalls.flatMap(({ names, action, args }) =>
  action === 'SCMP_ACT_ALLOW' && args === undefined ? names : [],
);
const wanted = new Set([...allowedByDocker.filter((name) => !LEFT_OUT.includes(name)), ...CONDITIONAL, 'clone3']);
const numbers = { x64: numbersIn(x64Header), arm64: numbersIn(genericHeader) };
process.stdout.write(`${JSON.stringify(numbers, null, 1)}\n`);

function numbersIn(header: string): Record<string, number> {
  const defined = readFileSync(header, 'utf8').matchAll(/^#define __NR(?:3264)?_(\w+) (\d+)$/gm);
  // The generic header has it under the name of its 32-bit relative.
  const found = [...defined].map(
    ([, name = '', number]) => [name === 'fstatat' ? 'newfstatat' : name, Number(number)] as const,
  );
  return Object.fromEntries(found.filter(([name]) => wanted.has(name)).toSorted(([, a], [, b]) => a - b));
}
