import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const VERSION = 'v3.0.2';
const BIN = path.resolve('.data/tools', `cosign-${VERSION}`);

/** Builds cosign with the Go toolchain, once; it takes minutes. @returns the path of the program */
export async function ensureCosign(): Promise<string> {
  const program = path.join(BIN, 'cosign');
  const isThere = await access(program).then(
    () => true,
    () => false,
  );
  if (isThere) return program;
  await mkdir(BIN, { recursive: true });
  await run('go', ['install', `github.com/sigstore/cosign/v3/cmd/cosign@${VERSION}`], {
    env: { ...process.env, GOBIN: BIN },
  });
  return program;
}
