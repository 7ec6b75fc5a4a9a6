CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"name" text NOT NULL,
	"hint" text NOT NULL,
	"secret_sha256" text NOT NULL,
	"scopes" text[] DEFAULT '{}'::text[] NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "api_keys_secretSha256_unique" UNIQUE("secret_sha256")
);
--> statement-breakpoint
CREATE TABLE "credentials" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"password" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "device_codes" (
	"id" text PRIMARY KEY NOT NULL,
	"device_code" text NOT NULL,
	"user_code" text NOT NULL,
	"user_id" text,
	"expires_at" timestamp with time zone NOT NULL,
	"status" text NOT NULL,
	"last_polled_at" timestamp with time zone,
	"polling_interval" integer,
	"client_id" text,
	"scope" text,
	CONSTRAINT "device_codes_deviceCode_unique" UNIQUE("device_code"),
	CONSTRAINT "device_codes_userCode_unique" UNIQUE("user_code")
);
--> statement-breakpoint
CREATE TABLE "members" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"token_sha256" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sessions_tokenSha256_unique" UNIQUE("token_sha256")
);
--> statement-breakpoint
CREATE TABLE "signing_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"public_key" text NOT NULL,
	"private_key" text NOT NULL,
	"alg" text,
	"crv" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "tenants" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"handle" text NOT NULL,
	"cell" text NOT NULL,
	"residency" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tenants_handle_unique" UNIQUE("handle")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "artifacts" (
	"run_id" text NOT NULL,
	"path" text NOT NULL,
	"tenant_id" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"state" text NOT NULL,
	"retention_days" integer NOT NULL,
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
	"retention_days" integer,
	"expires_at" timestamp with time zone,
	CONSTRAINT "dataset_parts_run_id_name_pk" PRIMARY KEY("run_id","name")
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"tenant_id" text PRIMARY KEY NOT NULL,
	"limit_nanos" bigint NOT NULL,
	"revision" integer NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
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
CREATE TABLE "capsule_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"capsule_id" text NOT NULL,
	"version" text NOT NULL,
	"digest" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"manifest" jsonb NOT NULL,
	"signature" jsonb NOT NULL,
	"publisher_key_id" text NOT NULL,
	"public_key_pem" text NOT NULL,
	"status" text NOT NULL,
	"revision" integer NOT NULL,
	"published_at" timestamp with time zone NOT NULL,
	CONSTRAINT "capsule_versions_version" UNIQUE("capsule_id","version")
);
--> statement-breakpoint
CREATE TABLE "capsules" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "capsules_name" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "catalogue_capsules" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"home_cell" text NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"license" text NOT NULL,
	"categories" jsonb NOT NULL,
	"keywords" jsonb NOT NULL,
	"runtime" text NOT NULL,
	"permissions" jsonb NOT NULL,
	"per_run_nanos" text,
	"latest_version" text,
	"latest_digest" text NOT NULL,
	"revision" integer NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"search" "tsvector" GENERATED ALWAYS AS (setweight(to_tsvector('english', title), 'A')
          || setweight(to_tsvector('english', keywords), 'B')
          || setweight(to_tsvector('english', replace(replace(name, '/', ' '), '-', ' ')), 'B')
          || setweight(to_tsvector('english', description), 'C')) STORED NOT NULL,
	CONSTRAINT "catalogue_capsules_name" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "catalogue_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"capsule_id" text NOT NULL,
	"version" text NOT NULL,
	"digest" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"manifest" jsonb NOT NULL,
	"signature" jsonb NOT NULL,
	"public_key_pem" text NOT NULL,
	"status" text NOT NULL,
	"revision" integer NOT NULL,
	"published_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "publisher_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"name" text NOT NULL,
	"hint" text NOT NULL,
	"public_key_pem" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "publisher_keys_hint" UNIQUE("tenant_id","hint")
);
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"record" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"chained_seq" bigint
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"tenant_id" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"target" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_tenant_id_key_pk" PRIMARY KEY("tenant_id","key")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"destination" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"delivered_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_error" text
);
--> statement-breakpoint
CREATE TABLE "installations" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"capsule" text NOT NULL,
	"range" text NOT NULL,
	"approved" jsonb NOT NULL,
	"isolation" text,
	"max_concurrent_runs" integer,
	"artifact_retention_days" integer,
	"dataset_retention_days" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"removed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "layers" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"digest" text NOT NULL,
	"runtime" text NOT NULL,
	"files" integer NOT NULL,
	"size_bytes" integer NOT NULL,
	"signature" jsonb NOT NULL,
	"publisher_key_id" text NOT NULL,
	"public_key_pem" text NOT NULL,
	"published_at" timestamp with time zone NOT NULL,
	CONSTRAINT "layers_digest" UNIQUE("tenant_id","digest")
);
--> statement-breakpoint
CREATE TABLE "catalogue_publishers" (
	"handle" text PRIMARY KEY NOT NULL,
	"home_cell" text NOT NULL,
	"is_verified" boolean NOT NULL,
	"revision" integer NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "runners" (
	"id" text PRIMARY KEY NOT NULL,
	"spiffe_id" text NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"installation_id" text NOT NULL,
	"rerun_of" text,
	"schedule_id" text,
	"version_id" text NOT NULL,
	"capsule" text NOT NULL,
	"version" text NOT NULL,
	"digest" text NOT NULL,
	"isolation" text NOT NULL,
	"attempts" integer DEFAULT 1 NOT NULL,
	"state" text NOT NULL,
	"cause" text,
	"detail" text,
	"exit_code" integer,
	"retry_after_s" integer,
	"input" json NOT NULL,
	"output" json,
	"usage" jsonb,
	"amount_nanos" bigint,
	"receipt" text,
	"runner_id" text,
	"cancel_requested_at" timestamp with time zone,
	"swept_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "schedules" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"name" text NOT NULL,
	"installation_id" text NOT NULL,
	"cron" text NOT NULL,
	"zone" text NOT NULL,
	"input" json NOT NULL,
	"overlap" text NOT NULL,
	"is_enabled" boolean NOT NULL,
	"next_at" timestamp with time zone,
	"leased_until" timestamp with time zone,
	"last_outcome" jsonb,
	"last_run_id" text,
	"revision" integer DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "schedules_name" UNIQUE("tenant_id","name")
);
--> statement-breakpoint
CREATE TABLE "installation_secrets" (
	"installation_id" text NOT NULL,
	"name" text NOT NULL,
	"sealed" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"set_at" timestamp with time zone NOT NULL,
	"set_by" jsonb NOT NULL,
	CONSTRAINT "installation_secrets_installation_id_name_pk" PRIMARY KEY("installation_id","name")
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
CREATE TABLE "webhook_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"webhook_id" text NOT NULL,
	"event" text NOT NULL,
	"run_id" text,
	"state" text NOT NULL,
	"dead_cause" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone NOT NULL,
	"last_status" integer,
	"last_error" text,
	"created_at" timestamp with time zone NOT NULL,
	"delivered_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"url" text NOT NULL,
	"events" text[] NOT NULL,
	"installation_id" text,
	"secrets" jsonb NOT NULL,
	"disabled_at" timestamp with time zone,
	"disabled_reason" text,
	"dead_letters" integer DEFAULT 0 NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "webhooks_url" UNIQUE("tenant_id","url")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_codes" ADD CONSTRAINT "device_codes_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dataset_parts" ADD CONSTRAINT "dataset_parts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "installation_state_entries" ADD CONSTRAINT "installation_state_entries_installation_id_installation_states_installation_id_fk" FOREIGN KEY ("installation_id") REFERENCES "public"."installation_states"("installation_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "installation_states" ADD CONSTRAINT "installation_states_installation_id_installations_id_fk" FOREIGN KEY ("installation_id") REFERENCES "public"."installations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "capsule_versions" ADD CONSTRAINT "capsule_versions_capsule_id_capsules_id_fk" FOREIGN KEY ("capsule_id") REFERENCES "public"."capsules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "capsule_versions" ADD CONSTRAINT "capsule_versions_publisher_key_id_publisher_keys_id_fk" FOREIGN KEY ("publisher_key_id") REFERENCES "public"."publisher_keys"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "catalogue_versions" ADD CONSTRAINT "catalogue_versions_capsule_id_catalogue_capsules_id_fk" FOREIGN KEY ("capsule_id") REFERENCES "public"."catalogue_capsules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "layers" ADD CONSTRAINT "layers_publisher_key_id_publisher_keys_id_fk" FOREIGN KEY ("publisher_key_id") REFERENCES "public"."publisher_keys"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_installation_id_installations_id_fk" FOREIGN KEY ("installation_id") REFERENCES "public"."installations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_installation_id_installations_id_fk" FOREIGN KEY ("installation_id") REFERENCES "public"."installations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "installation_secrets" ADD CONSTRAINT "installation_secrets_installation_id_installations_id_fk" FOREIGN KEY ("installation_id") REFERENCES "public"."installations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_webhooks_id_fk" FOREIGN KEY ("webhook_id") REFERENCES "public"."webhooks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_tenant" ON "api_keys" USING btree ("tenant_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_active_name" ON "api_keys" USING btree ("tenant_id","name") WHERE "api_keys"."revoked_at" is null;--> statement-breakpoint
CREATE INDEX "credentials_user" ON "credentials" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "members_tenant_user" ON "members" USING btree ("tenant_id","user_id");--> statement-breakpoint
CREATE INDEX "members_user" ON "members" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_expires" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "artifacts_object" ON "artifacts" USING btree ("tenant_id","sha256");--> statement-breakpoint
CREATE INDEX "artifacts_expiry" ON "artifacts" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "dataset_parts_installation" ON "dataset_parts" USING btree ("installation_id","name","run_id");--> statement-breakpoint
CREATE INDEX "dataset_parts_expiry" ON "dataset_parts" USING btree ("expires_at") WHERE "dataset_parts"."expires_at" is not null;--> statement-breakpoint
CREATE INDEX "catalogue_capsules_search" ON "catalogue_capsules" USING gin ("search");--> statement-breakpoint
CREATE INDEX "catalogue_capsules_updated" ON "catalogue_capsules" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "catalogue_versions_version" ON "catalogue_versions" USING btree ("capsule_id","version");--> statement-breakpoint
CREATE INDEX "catalogue_versions_digest" ON "catalogue_versions" USING btree ("digest");--> statement-breakpoint
CREATE INDEX "catalogue_versions_layers" ON "catalogue_versions" USING gin (("manifest" -> 'layers'));--> statement-breakpoint
CREATE INDEX "audit_entries_pending" ON "audit_entries" USING btree ("tenant_id","created_at") WHERE "audit_entries"."chained_seq" is null;--> statement-breakpoint
CREATE INDEX "audit_entries_tenant" ON "audit_entries" USING btree ("tenant_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_entries_chain" ON "audit_entries" USING btree ("tenant_id","chained_seq");--> statement-breakpoint
CREATE INDEX "idempotency_keys_created" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "outbox_pending" ON "outbox" USING btree ("next_attempt_at") WHERE "outbox"."delivered_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "installations_capsule" ON "installations" USING btree ("tenant_id","capsule") WHERE "installations"."removed_at" is null;--> statement-breakpoint
CREATE INDEX "runs_tenant" ON "runs" USING btree ("tenant_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "runs_tenant_capsule" ON "runs" USING btree ("tenant_id","capsule","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "runs_open_installation" ON "runs" USING btree ("installation_id") WHERE "runs"."state" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "runs_open" ON "runs" USING btree (coalesce("swept_at", "created_at")) WHERE "runs"."state" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "schedules_tenant" ON "schedules" USING btree ("tenant_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "schedules_installation" ON "schedules" USING btree ("installation_id");--> statement-breakpoint
CREATE INDEX "schedules_due" ON "schedules" USING btree ("next_at") WHERE "schedules"."next_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "stored_objects_open" ON "stored_objects" USING btree ("key") WHERE "stored_objects"."stored_until" is null;--> statement-breakpoint
CREATE INDEX "stored_objects_tenant" ON "stored_objects" USING btree ("tenant_id","stored_until");--> statement-breakpoint
CREATE INDEX "stored_objects_orphaned" ON "stored_objects" USING btree ("orphaned_at") WHERE "stored_objects"."orphaned_at" is not null and "stored_objects"."stored_until" is null;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_webhook" ON "webhook_deliveries" USING btree ("webhook_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries" USING btree ("webhook_id","next_attempt_at") WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_created" ON "webhook_deliveries" USING btree ("created_at");