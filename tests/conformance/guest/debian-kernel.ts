import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const META_PACKAGE = 'linux-image-cloud-amd64';

/** The name of the package that holds the current kernel of Debian's cloud images. */
export async function kernelPackage(): Promise<string> {
  const found = (await dependencyOf(META_PACKAGE)) ?? (await aptGetUpdate().then(() => dependencyOf(META_PACKAGE)));
  if (found === undefined) throw new Error(`apt knows no ${META_PACKAGE}: the guest is made on Debian 12`);
  return found;
}

async function dependencyOf(name: string): Promise<string | undefined> {
  const { stdout } = await execute('apt-cache', ['depends', name]).catch(() => ({ stdout: '' }));
  return /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
}

export async function aptGetUpdate(): Promise<void> {
  await execute('apt-get', ['update', '-qq']);
}
