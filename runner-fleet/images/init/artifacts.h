#ifndef SOMA_ARTIFACTS_H
#define SOMA_ARTIFACTS_H

#include <stdint.h>

/* Call it before anything of the capsule runs. */
int open_artifacts(void);
/*
 * Sends every file below `root` as ARTIFACT and ARTIFACT_DATA, or ends with ARTIFACT_REFUSED. Only while nothing else in the
 * sandbox lives: what was looked at does not change.
 */
void send_artifacts(int root, uint32_t max_files, uint32_t max_bytes);

#endif
