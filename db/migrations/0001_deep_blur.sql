CREATE TABLE "artifacts" (
	"run_id" text NOT NULL,
	"path" text NOT NULL,
	"tenant_id" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"state" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "artifacts_run_id_path_pk" PRIMARY KEY("run_id","path")
);
--> statement-breakpoint
CREATE TABLE "dataset_parts" (
	"run_id" text NOT NULL,
	"name" text NOT NULL,
	"tenant_id" text NOT NULL,
	"installation_id" text NOT NULL,
	"rows" integer NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "dataset_parts_run_id_name_pk" PRIMARY KEY("run_id","name")
);
--> statement-breakpoint
CREATE TABLE "installation_state_entries" (
	"installation_id" text NOT NULL,
	"key" text NOT NULL,
	"value" json NOT NULL,
	"size_bytes" integer NOT NULL,
	"revision" bigint NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "installation_state_entries_installation_id_key_pk" PRIMARY KEY("installation_id","key")
);
--> statement-breakpoint
CREATE TABLE "installation_states" (
	"installation_id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"revision" bigint NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "stored_objects" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "stored_objects_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"stored_from" timestamp with time zone NOT NULL,
	"stored_until" timestamp with time zone,
	"orphaned_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dataset_parts" ADD CONSTRAINT "dataset_parts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "installation_state_entries" ADD CONSTRAINT "installation_state_entries_installation_id_installation_states_installation_id_fk" FOREIGN KEY ("installation_id") REFERENCES "public"."installation_states"("installation_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "installation_states" ADD CONSTRAINT "installation_states_installation_id_installations_id_fk" FOREIGN KEY ("installation_id") REFERENCES "public"."installations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "artifacts_object" ON "artifacts" USING btree ("tenant_id","sha256");--> statement-breakpoint
CREATE INDEX "artifacts_expiry" ON "artifacts" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "dataset_parts_installation" ON "dataset_parts" USING btree ("installation_id","name","run_id");--> statement-breakpoint
CREATE UNIQUE INDEX "stored_objects_open" ON "stored_objects" USING btree ("key") WHERE "stored_objects"."stored_until" is null;--> statement-breakpoint
CREATE INDEX "stored_objects_tenant" ON "stored_objects" USING btree ("tenant_id","stored_until");--> statement-breakpoint
CREATE INDEX "stored_objects_orphaned" ON "stored_objects" USING btree ("orphaned_at") WHERE "stored_objects"."orphaned_at" is not null and "stored_objects"."stored_until" is null;