import { config } from 'zod';

// Compiled parsers would need `unsafe-eval`, and a schema asks for it as soon as it is made: this stands before every import of one.
config({ jitless: true });
