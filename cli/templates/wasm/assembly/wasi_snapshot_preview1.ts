// The compiler imports what a file declares from the module of the file's name.

export declare function fd_read(fd: u32, vectors: usize, count: usize, transferred: usize): u32;
export declare function fd_write(fd: u32, vectors: usize, count: usize, transferred: usize): u32;
export declare function proc_exit(code: u32): void;
