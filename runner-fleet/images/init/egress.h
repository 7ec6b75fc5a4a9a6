#ifndef SOMA_EGRESS_H
#define SOMA_EGRESS_H

#include <stdint.h>

enum { MAX_EGRESS_PORTS = 64 };

/* Starts what makes the way out that the run was granted look like a network on these ports. Returns 0 once it listens. */
int start_egress(const uint32_t *ports, uint32_t count);

#endif
