-- Postgres brings it along, and Neon has it: a part of a name is found by its index.
CREATE EXTENSION IF NOT EXISTS pg_trgm;--> statement-breakpoint
CREATE INDEX "catalogue_capsules_name_part" ON "catalogue_capsules" USING gin ("name" gin_trgm_ops);