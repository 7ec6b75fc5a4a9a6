import type { Platform } from '../../context.ts';
import type { TargetRules } from './target.ts';

export function targetRules({ env }: Platform): TargetRules {
  return { publicUrl: env.PUBLIC_URL, insecureHosts: env.WEBHOOK_ALLOW_INSECURE_HOSTS };
}
