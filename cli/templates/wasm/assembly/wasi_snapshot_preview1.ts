// The calls of WASI preview 1 that a capsule needs. The compiler imports what a file declares from the module of the file's name.

export declare function fd_close(fd: u32): u32;
export declare function fd_prestat_get(fd: u32, prestat: usize): u32;
export declare function fd_prestat_dir_name(fd: u32, path: usize, length: usize): u32;
export declare function fd_read(fd: u32, vectors: usize, count: usize, transferred: usize): u32;
export declare function fd_write(fd: u32, vectors: usize, count: usize, transferred: usize): u32;
export declare function path_create_directory(fd: u32, path: usize, length: usize): u32;
export declare function path_open(
  fd: u32,
  lookup: u32,
  path: usize,
  length: usize,
  how: u32,
  rights: u64,
  inherited: u64,
  flags: u32,
  opened: usize,
): u32;
export declare function proc_exit(code: u32): void;
