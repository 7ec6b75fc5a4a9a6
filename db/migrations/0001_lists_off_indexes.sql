DROP INDEX "runs_tenant";--> statement-breakpoint
DROP INDEX "runs_tenant_capsule";--> statement-breakpoint
DROP INDEX "schedules_tenant";--> statement-breakpoint
DROP INDEX "webhook_deliveries_webhook";--> statement-breakpoint
CREATE INDEX "outbox_delivered" ON "outbox" USING btree ("delivered_at") WHERE "outbox"."delivered_at" is not null;--> statement-breakpoint
CREATE INDEX "runs_tenant" ON "runs" USING btree ("tenant_id","id");--> statement-breakpoint
CREATE INDEX "runs_tenant_capsule" ON "runs" USING btree ("tenant_id","capsule","id");--> statement-breakpoint
CREATE INDEX "schedules_tenant" ON "schedules" USING btree ("tenant_id","id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_webhook" ON "webhook_deliveries" USING btree ("webhook_id","id");