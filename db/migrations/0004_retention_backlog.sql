CREATE TABLE "retention_backlog" (
	"installation_id" text NOT NULL,
	"kind" text NOT NULL,
	"past_name" text NOT NULL,
	"past_run_id" text NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "retention_backlog_installation_id_kind_pk" PRIMARY KEY("installation_id","kind")
);
--> statement-breakpoint
ALTER TABLE "retention_backlog" ADD CONSTRAINT "retention_backlog_installation_id_installations_id_fk" FOREIGN KEY ("installation_id") REFERENCES "public"."installations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "retention_backlog_changed" ON "retention_backlog" USING btree ("changed_at");--> statement-breakpoint
-- Removed installations whose rows did not all know yet when they end.
INSERT INTO "retention_backlog" ("installation_id", "kind", "past_name", "past_run_id", "changed_at")
SELECT "id", 'dataset', '', '', "removed_at" FROM "installations" WHERE "rows_end_at" IS NOT NULL AND "removed_at" IS NOT NULL;
