#ifndef SOMA_FRAMES_H
#define SOMA_FRAMES_H

#include <stdint.h>

/* What process 1 says to the runner: u8 type, u32 length, bytes. */
enum frame_type {
  READY = 0,
  STDOUT = 1,
  STDERR = 2,
  RESULT = 3,
  TRAILER = 4,
  ARTIFACT = 5,         /* u32 size, path: a file follows */
  ARTIFACT_DATA = 6,    /* its bytes, in order */
  ARTIFACT_REFUSED = 7  /* reason, NUL, path: there is something that cannot be taken, and nothing more follows */
};

enum { FRAME_HEADER_BYTES = 5, FRAME_BODY_BYTES = 64 * 1024 };

/* Where the body of the next frame is put; nothing may wait to be sent meanwhile. */
unsigned char *frame_body(void);
/* Sends what was put there and returns once it is out. The socket must block. */
void send_frame(enum frame_type type, uint32_t length);

#endif
