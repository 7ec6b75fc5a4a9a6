import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './db/postgres/schema/index.ts',
  // The check of the schema generates into a copy.
  out: process.env['SOMA_MIGRATIONS'] ?? './db/migrations',
  casing: 'snake_case',
});
