import { Failure } from './failure.ts';

/** For who writes with the flag `wx`: what is there already is not written over. @throws Failure that says so; any other error as it is */
export function refuseToReplace(path: string, wanted: 'file' | 'folder'): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code === 'EEXIST') throw new Failure(`${path} is there already; name another ${wanted} with --out`);
    throw error;
  };
}
